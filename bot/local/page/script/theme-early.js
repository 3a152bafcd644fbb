// Sets the chosen theme before the first paint; the rest of the page is made of modules and comes later.
try {
  const chosen = localStorage.getItem("inyeon.theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch {
  // Storage is blocked: the system's colours hold.
}
