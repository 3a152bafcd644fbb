"""Whether somebody says of themselves that they are under 18, in Korean or English; a sign, on which an admin looks, not a verdict.

Read clause by clause: what is quoted, said of others, of the past, asked, denied or supposed does not count.  Measured on
`evaluation/ages` (docs/safety.md has the figures).  Only what leaves no doubt counts: 18 and over never does, nor a year of birth in
which some are of age already.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

LONGEST: Final = 4096

_BLANK = re.compile(r"[^\S\n]+")
_KEYCAP = re.compile("\ufe0f|\u20e3")
"""What makes a digit a picture of one."""
_APART = re.compile(r"(?<!\S)1 ([0-7])(?!\S)")
"""A number that is written in two parts, past whoever looks for it."""
_QUOTED = re.compile(r"\"[^\"]*\"|“[^”]*”|「[^」]*」|『[^』]*』|(?<!\w)['‘][^'’]{2,}['’](?!\w)")
_CLAUSE = re.compile(
    r"(?<=[.!?…~,;\n])\s*|\s+(?:and|but|so|cuz|because)\s+(?=i\b|i'm\b|im\b)|\s*(?:\u110f+|(?:\u1112(?!\u110b))+|\u1172+|\u116e+)\s*|(?<=이고)\s+|(?<=지만)\s+|(?<=는데)\s+|(?<=[에예어]요)\s+|(?<=였어)\s+"
)
"""Laughter and tears part clauses: ㅋ, ㅎ, ㅠ and ㅜ as NFKC leaves them; not the ㅎ of ㅎㅇ, a greeting."""
_HINT = re.compile(
    r"(?<!\d)1[0-8](?!\d)|고등|중학|초등|고\s?[1-3일이삼]|중\s?[1-3]|초\s?[1-6]|[고중초](?:등학|학생|딩)|미성년|미자|학년|년\s?생|열[\s가-힣]"
    r"|[여남][고중](?:생|\s|에)|십[\s일이삼사오육칠살세]|태어났|민증|성인|스무|under|minor|grade|school|teen|eighteen|young|old\senough|adult|year\s\d|born"
)
"""Without one of these no clause can say so: most messages are done with there."""

# Korean.
_WORD = r"열(?:한|두|세|네|다섯|여섯|일곱)"
_AGE = (
    r"(?:만\s*)?(?:(?<![\d.])1[0-7]|열(?:\s?(?:한|두|세|네|다섯|여섯|일곱))?|(?<![가-힣])십\s?[일이삼사오육칠]?)"
    r"\s*(?:살|짤|세(?![기트대계]))"
)
_GRADE = (
    r"(?:예비\s?)?(?:(?<![가-힣])고\s?[1-3](?!\d)|(?<![가-힣])중\s?[1-3](?!\d)|(?<![가-힣])고[일이삼](?=\s|$|이|입|인|임|예|에)"
    r"|(?:고등학교|중학교|초등학교)\s?[1-6]학년|(?:고등|중|초등)\s?학생|[고중초]딩|(?<![가-힣])[여남][고중]생|미성년자?)(?!병|때|들)"
)
_STATE = rf"(?:{_AGE}|{_GRADE})"
_WHO = r"(?:\s*(?:학생|여자|남자|여학생|남학생|[여남][고중]생|고등학생|중학생|수험생|여|남|재학\s?중))?"
_COPULA = (
    r"\s*(?:이에요|예요|에요|이예요|이에여|에여|여요|이요|요|입니다|임다|임|이야|야|이고|이며|인데요?|인뎅|인지라|이라서?요?|라서요?|이?거든요?|이지만|이?\s?[됐되]\w*"
    r"|이랍니다|이죠|이지|이어서|여서|인\s?거|밖에\s?안\s?(?:됐|됬|되)|인\s?(?:사람|여자|남자|학생)인?데?)"
)
_ME = r"(?:^|\s)(?:나|난|나는|나도|저|전|저는|저도|내가|제가|우리)(?=\s)"
_ADVERB = r"(?:사실은?|실은|실제로는?|아직은?|이제|올해|지금|현재|진짜는?|그냥|겨우|솔직히|참고로|만으로|한국\s?나이로?)"
_OPENING = rf"(?:{_ADVERB}|안녕(?:하세요)?|하이|반가워요?|반갑습니다|근데|아|어|음|네|넵|넹|응|그게|\u1112\u110b)"
_END = r"\s*[.!~]*$"
_KOREAN = (
    re.compile(rf"{_ME}(?:\s+{_ADVERB})*\s+{_STATE}{_WHO}(?:{_COPULA}|\s*$|(?=\s*[.!~,]))"),
    re.compile(rf"^\s*(?:{_OPENING}\s*)*{_STATE}{_WHO}{_COPULA}(?![가-힣]*\?)"),
    re.compile(rf"^\s*{_STATE}{_WHO}\s*[.!~]*$"),
    re.compile(rf"^\s*(?:[가-힣]+\s+){{0,3}}(?:중인|사는|살고\s있는|다니는|준비하는)\s+{_STATE}{_WHO}{_COPULA}(?![가-힣]*\?)"),
    re.compile(
        rf"^\s*(?:(?:{_OPENING}|제|내|저의|나의|저|나|전|난|저는|나는|실제)\s*)*나이(?:는|가|은)?\s*[:=]?\s*(?:만\s*)?"
        rf"(?:{_AGE}|1[0-7]|{_WORD})(?:{_COPULA}(?![가-힣]*\?)|{_END})"
    ),
    re.compile(rf"(?:{_ME}|^\s*(?:사실|실은|아직))(?:\s+{_ADVERB})*\s+미자(?:{_COPULA}|라\s)"),
    re.compile(rf"{_ME}(?:\s+{_ADVERB})*\s+{_WORD}(?:{_COPULA}|{_END})"),
    re.compile(r"(?:아직|저|나|난|전)\s+(?:만\s*)?(?:18|19|열여덟)\s*(?:살|세)?\s*(?:이|가|도)?\s*안\s?(?:됐|됬|되|된)"),
    re.compile(
        r"(?:내년|후년|다다음\s?해)(?:에|이면|이)?\s+(?:성인|스무\s?살|고\s?[1-3])(?:이?에요|예요|이?\s?돼요|이?\s?됩니다|이?\s?되는|이?\s?돼|임|야)"
    ),
    re.compile(
        r"(?:^|\s)(?:고등학교|중학교|초등학교|[여남][고중])\s?(?:에\s?)?다(?:녀요|닙니다|니고|녀$|님$|닌다|니는데|니거든|니는\s?(?:학생|중))"
    ),
    re.compile(rf"(?:^|\s)(?:고등학교|중학교|초등학교|[여남][고중])\s?(?:[1-6]학년\s?)?(?:에\s?)?재학\s?중{_COPULA}(?![가-힣]*\?)"),
    re.compile(rf"^\s*(?:(?:아|네|응|저|나|난|전|사실|아직|이제)\s*)*{_WORD}(?:\s?살)?{_COPULA}"),
    re.compile(rf"^\s*(?:나|난|저|전)\s+(?:사실\s+|이제\s+|아직\s+|만으로\s+)?1[0-7](?:이야|이에요|예요|임|이요|인데요?|입니다)?{_END}"),
    re.compile(r"(?:^|\s)(?:고\s?[1-3]|중\s?[1-3])라서?\s*[.!~]*$"),
    re.compile(r"(?:저|나|전|난)는?\s*학생(?:이에요|이고|인데)\s*,?\s*(?:고등학교|중학교)\s?[1-3]학년"),
)
_KIN = r"\s*(?:[쥐소용말양닭개]|토끼|호랑이|범|뱀|원숭이|돼지)띠"
_BORN = re.compile(
    rf"(?:{_ME}\s+|^\s*)(?:{_OPENING}\s+)*(?:"
    rf"((?:20)?(?:0\d|1\d))\s?년\s?생(?:{_KIN})?{_WHO}(?:{_COPULA}|{_END})"
    rf"|(20[01]\d)\s?년도?(?:에)?\s*태어났(?:어요?|습니다|음|는데요?|고요|거든요?){_END})"
)
_OTHERS = re.compile(
    r"동생|조카|아들|딸(?!기)|사촌|친구|언니|누나|오빠|형(?:이|은|도)?\s|애가|애들|걔|얘|그\s?사람|상대|아이(?:가|는|들)|제자"
)
_NOT_YET = (
    re.compile(
        rf"(?:{_ME}|^\s*{_ADVERB})\s*(?:{_ADVERB}\s+)*성인(?:이|은|도)?\s*(?:아니(?:에요|예요|야|고요?|라서?요?|지만|거든요?)|아닙니다|아녜요|아님)(?![가-힣]*\s*\?)"
    ),
    re.compile(
        r"^\s*(?:(?:저|나|전|난)\s+)?(?:아직\s+)?성인(?:이)?\s?(?:까지|[되될]\s?려면)\s+(?:아직\s+)?(?:[1-8]|일|이|삼|한|두|세|몇)\s?(?:년|달|개월)\s?(?:이나|이|은|도|정도)?\s*남았"
    ),
    re.compile(r"(?:^|\s)(?:아직\s+민증|민증\s?(?:이|도|은)?\s?아직)\s?(?:도\s?)?(?:안|못)\s?(?:나왔|받|나온)"),
)
"""Denials by which somebody says so: that they are of age, or have the identity card of those who are."""
_NOT_KOREAN = re.compile(
    r"때|시절|이름|고양이|강아지|반려"
    r"|아니|아냐|아님|안\s?받|였|었|이던|부터|까지|차이|연하|연상|과외|가르|선생|교사|담임|강사|처럼|같은|같다|같아|같은데|보여|보인|보이|보이냐|정신|마음은|마음만"
    r"|이면|라면|인\s?척|라고|이라는|라는|라며|면\s?안|차\s?[됐되]|년\s?차|개월|째|[살세]\s?(?:이상|이하|미만|넘)|학부모|졸업|만나지|신고|거절|출입|입맛|관람|영화|게임|드라마"
)

# English.
_NUMBER = r"(?:1[0-7]|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen)"
_I = r"(?:\bi\s?['’]?\s?a?m|\biam|\bima?)\b(?:\s+(?:only|just|actually|literally|still|like|currently|really|tbh|honestly|kinda|about|almost|basically))*"  # noqa: E501
_AFTER = (
    r"(?=\s*(?:$|[.!?,~;…)]|(?:and|but|so|lol|lmao|haha|btw|tho|though|too|now|rn|here|yo|y/o|f|m|male|female|girl|boy|from|ok|okay|is\s+that|hope|sorry|not"
    r"|turning|until|till|live|still|years?[\s-]old|yrs?|and\s+a\s+half|in\s+\w+\s+age|this\s+year)\b(?!\s*(?:\d|minutes|the\s+\w+\s+of))))"
)
_HELLO = r"(?:(?:hi+|hey+a?|hello|yo|sup|ok|well|btw)\s+)*"
_ENGLISH = (
    re.compile(rf"{_I}\s+(?:a\s+)?{_NUMBER}(?:\s?(?:yo|y/o|years?[\s-]old|yrs?[\s-]old|and a half|f|m|male|female))?\b{_AFTER}"),
    re.compile(
        rf"{_I}\s+(?:a\s+|an\s+)?(?:minor|under\s?-?age(?:d)?|under\s+18|not\s+(?:even\s+)?(?:18|eighteen)(?:\s+yet)?|younger\s+than\s+18|below\s+18|a?\s?teen(?:ager)?\s+still)\b(?!\s+(?:league|character|inconvenience|celebrity|in\b|leaguer|planet|player|key))"
    ),
    re.compile(rf"{_I}\s+(?:a\s+)?(?:in\s+)?(?:the\s+)?(?:(?:[6-9]|1[0-2])th|sixth|seventh|eighth|ninth|tenth|eleventh)[\s-]grader?\b"),
    re.compile(
        rf"{_I}\s+(?:still\s+)?(?:a\s+)?(?:in\s+(?:middle|high|secondary|junior\s+high)\s+school|(?:middle|high|secondary|junior\s+high)[\s-]school(?:er|\s+(?:student|kid|girl|boy|freshman|sophomore|junior|senior))?)(?=\s*(?:$|[.!,~?]|student|rn|right|still|lol|and|so|but|here))"
    ),
    re.compile(rf"{_I}\s+a\s+(?:freshman|sophomore|junior|senior)\s+(?:in|at)\s+(?:a\s+|my\s+)?high\s?school"),
    re.compile(
        rf"\bi\s+(?:just|recently|only)?\s?(?:turned|turn|am\s+turning|'?m\s+turning)\s+{_NUMBER}\b(?!\s+(?:the|it|to|around|on\b|down|pages?|in\s+(?:19|20[01]\d)))(?!.*\b(?:ago|years|was|in\s+(?:19|20[01]\d)|when)\b)"
    ),
    re.compile(
        r"\bi(?:['’]?ll|\s+will|\s+am\s+going\s+to|['’]?m\s+going\s+to)?\s+(?:be|turn|become)\s+(?:18|eighteen)\s+(?:in|next|soon|this|on|after|tomorrow)\b"
    ),
    re.compile(rf"\bi['’]?m\s+turning\s+(?:{_NUMBER}|18|eighteen)\b"),
    re.compile(r"\bmy\s+(?:1[1-8]th|sixteenth|seventeenth|eighteenth)\s+(?:birthday|bday)\s+(?:is|will)\b"),
    re.compile(
        rf"^\s*{_NUMBER}\s?(?:yo|y/o|years?[\s-]old)?\s?[/,]?\s?(?:f|m|female|male|girl|boy)(?:\s+here)?\s*[.!]*$|^\s*[fm]\s?/?\s?1[0-7]\s*[.!]*$"
    ),
    re.compile(rf"^\s*{_NUMBER}\s?(?:yo|y/o|years?[\s-]old|yrs?[\s-]old)\s*[.!]*$"),
    re.compile(rf"^\s*{_NUMBER}\s+(?:turning|going\s+on)\s+1[1-8]\b|^\s*(?:age\s*\??|yeah|yes|yep)\s+1[0-7]\s*$"),
    re.compile(rf"^\s*(?:just|recently)\s+turned\s+{_NUMBER}\s*[.!]*$"),
    re.compile(
        rf"(?:\bmy|^\s*)\s*(?:(?:real|actual|true)\s+)?age(?:\s+is|['’]s|\s*[:=])\s*(?:only\s+|just\s+|actually\s+)?{_NUMBER}\b{_AFTER}"
    ),
    re.compile(rf"^\s*{_HELLO}{_NUMBER}\s?(?:yo|y/o)?\s?[fm]?\s+(?:here|btw)(?:\s+(?:too|lol|haha|btw))*\s*(?:$|[.!?,~])"),
    re.compile(
        rf"^\s*{_HELLO}{_NUMBER}\s?[/,]?\s?(?:f|m|female|male)\s+(?:from\s+[^\W\d]+|seoul|busan|incheon|daegu|daejeon|korea)\s*[.!,~]*$"
    ),
    re.compile(rf"{_I}\s+(?:a\s+|in\s+)?(?:grade|year)\s+(?:[6-9]|1[0-2])(?:\s+(?:student|at\s+school|in\s+school|pupil)\b|{_AFTER})"),
    re.compile(rf"{_I}\s+a\s+school[\s-]?(?:girl|boy)\b{_AFTER}"),
    re.compile(rf"{_I}\s+not\s+(?:even\s+)?(?:an?\s+(?:legal\s+)?adult|of\s+(?:legal\s+)?age)(?:\s+yet)?\s*(?:$|[.!,~;])"),
    re.compile(
        r"\bi(?:['’]?ll|\s+will)\s+(?:finally\s+|only\s+)?(?:be|become|turn)\s+(?:an\s+adult|of\s+age)\s+(?:in\s+\w+\s+(?:years?|months?)|next|soon|this\s+year)\b"
    ),
    re.compile(
        r"^\s*next\s+year\s+i(?:['’]?ll|\s+will)\s+(?:finally\s+|only\s+)?(?:be|become|turn)\s+(?:an\s+adult|18|eighteen|of\s+age)\s*(?:$|[.!,~])"
    ),
    re.compile(rf"\bwe['’]?(?:re|\s+are)\s+both\s+{_NUMBER}{_AFTER}"),
    re.compile(r"\b(?:not\s+18|not\s+eighteen)\s+(?:yet|until|till|til)\b"),
    re.compile(r"\bi\s+(?:go\s+to|attend|am\s+at)\s+(?:middle|high|junior\s+high)\s+school\b"),
    re.compile(r"\bi['’]?m\s+(?:still\s+)?(?:too\s+young|not\s+old\s+enough)\s+(?:to\s+(?:be\s+(?:on|here)|use)|for\s+this\s+app)"),
)
_NOT_ENGLISH = re.compile(
    r"\b(?:when|since|if|as\s+if|like\s+i['’]?m|feel(?:s|ing)?\s+like|felt|acts?\s+like|pretend|looks?\s+like|said|says|say|told|thinks?\s+i\s+was|thinks?\s+i['’]?m|thought"
    r"|was|were|used\s+to|not\s+(?:a\s+)?(?:1[0-7]|minor|underage|in\s+high)|no\s+longer|do\s+i\s+look|did\s+you\s+think|swear\s+i['’]?m|imagine|wish"
    r"|teach(?:er|ing)?|tutor|mentally|inner|heart|again\s+(?:inside|whenever|every)|makes\s+me|as\s+though|who\s+asks|meet\s+anyone|counselor|nurse|coach)\b"
)
_BORN_IN = re.compile(
    r"\b(?:i\s+was|i['’]?m)\s+born\s+in\s+(20[01]\d)(?![\d'’]|s\b)|^\s*born\s+(?:in\s+)?(20[01]\d)\s*(?:btw|lol|haha|here)?\s*[.!~]*$"
)
_BIRTH = re.compile(r"\bi\s+was\s+born\b")
_EXPRESSLY = re.compile(rf"{_ME}|(?:^|\s)(?:제|내)\s(?:실제\s)?나이|\b(?:i|im|iam|ima|my|we)\b")


def underage(text: str, year: int, *, expressly: bool = False) -> str | None:
    """The clause in which the writer says to be under 18, None where there is none; `year` is this year, for years of birth.

    With `expressly` a clause must name its writer: Korean leaves out of whom it is, and where it is written decides.

    >>> underage("I'm 16, is that ok?", 2026), underage("고1이에요", 2026), underage("2010년생이에요", 2026)
    ("i'm 16,", '고1이에요', '2010년생이에요')
    >>> [underage(text, 2026) for text in ("I'm 16 minutes away", "when I was 16", "동생이 고1이에요", "고1 때부터요", "08년생이에요")]
    [None, None, None, None, None]
    >>> [underage(text, 2026, expressly=True) for text in ("고1이에요", "16 f", "저 고1이에요", "i'm only 15")]
    [None, None, '저 고1이에요', "i'm only 15"]
    """
    plain = _KEYCAP.sub("", unicodedata.normalize("NFKC", text[:LONGEST]).lower())
    plain = _APART.sub(r"1\1", _BLANK.sub(" ", plain))
    if not _HINT.search(plain):
        return None
    for clause in _CLAUSE.split(_QUOTED.sub(" ", plain)):
        if clause and (not expressly or _EXPRESSLY.search(clause)) and _says(clause, year):
            return clause.strip()
    return None


def _says(clause: str, year: int) -> bool:
    if not _OTHERS.search(clause):
        if any(pattern.search(clause) for pattern in _NOT_YET):
            return True
        if not _NOT_KOREAN.search(clause) and (any(pattern.search(clause) for pattern in _KOREAN) or _young(_BORN.search(clause), year)):
            return True
    if _NOT_ENGLISH.search(_BIRTH.sub("i born", clause)):  # its "was" is not of the past
        return False
    return any(pattern.search(clause) for pattern in _ENGLISH) or _young(_BORN_IN.search(clause), year)


def _young(born: re.Match[str] | None, year: int) -> bool:
    """Whether nobody who was born in the year that was found is of age already."""
    return born is not None and 5 <= year - (int((born[1] or born[2])[-2:]) + 2000) <= 17
