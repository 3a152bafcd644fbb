"""Documents with authors, programs, paths and days in them."""

from __future__ import annotations

import io
import zipfile

from fuzz.seeds.pictures import SECRET, jpeg, png


def pdf(extra: bytes = b"") -> bytes:
    """A page with facts about its author, in the old form and in XMP."""
    xmp = b'<?xpacket begin="" id="W5M0"?><x:xmpmeta>' + SECRET + b'</x:xmpmeta><?xpacket end="w"?>'
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R /Metadata 5 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 99 99] " + extra + b">>",
        b"<< /Author (" + SECRET + b") /Creator (" + SECRET + b") /CreationDate (D:20261121) >>",
        b"<< /Type /Metadata /Subtype /XML /Length " + str(len(xmp)).encode() + b" >>\nstream\n" + xmp + b"\nendstream",
    ]
    made, places = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(made))
        made += str(number).encode() + b" 0 obj\n" + body + b"\nendobj\n"
    table = b"xref\n0 6\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % place for place in places)
    identity = b"/ID [<0123456789ABCDEF> <0123456789ABCDEF>]"
    end = b"trailer\n<< /Size 6 /Root 1 0 R /Info 4 0 R " + identity + b" >>\nstartxref\n%d\n%%%%EOF\n" % len(made)
    return made + table + end + SECRET


def archive(parts: dict[str, bytes]) -> bytes:
    """A ZIP of these parts, the first one stored."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as made:
        for number, (name, body) in enumerate(parts.items()):
            made.writestr(name, body, zipfile.ZIP_DEFLATED if number else zipfile.ZIP_STORED)
        made.comment = SECRET
    return stream.getvalue()


def docx(text: bytes = b"hello", **more: bytes) -> bytes:
    """A Word file with its properties and a photo; `more` are further parts of `word`."""
    parts = {
        "[Content_Types].xml": b"<Types/>",
        "docProps/core.xml": b"<cp:coreProperties><dc:creator>" + SECRET + b"</dc:creator></cp:coreProperties>",
        "docProps/app.xml": b"<Properties><Company>" + SECRET + b"</Company></Properties>",
        "word/document.xml": b"<w:document><w:body>" + text + b"</w:body></w:document>",
        "word/media/image1.jpg": jpeg(),
    }
    return archive(parts | {f"word/{name}.xml": body for name, body in more.items()})


def xlsx() -> bytes:
    """An Excel file that says where it was saved."""
    path = b'<x15ac:absPath url="C:\\Users\\' + SECRET + b'" xmlns:x15ac="x"/>'
    return archive(
        {"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<workbook>" + path + b"</workbook>", "docProps/core.xml": SECRET}
    )


def odt() -> bytes:
    """A LibreOffice text with its properties and printer."""
    parts = {
        "mimetype": b"application/vnd.oasis.opendocument.text",
        "content.xml": b"<office:document-content>hello</office:document-content>",
        "meta.xml": b"<office:document-meta>" + SECRET + b"</office:document-meta>",
        "settings.xml": b"<office:document-settings>" + SECRET + b"</office:document-settings>",
        "Thumbnails/thumbnail.png": png(),
    }
    return archive(parts)


def documents() -> dict[str, bytes]:
    """All of them, by name."""
    return {"pdf": pdf(), "docx": docx(), "xlsx": xlsx(), "odt": odt()}
