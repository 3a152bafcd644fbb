"""Signs of fraud in a message, in Korean and English: links, numbers, other messengers, money, investing, gift cards, codes, jobs.

Patterns, no model: each can be read, and each has its words in `bot.usecases.nudges`.  A sign is no proof; it decides nothing about
anybody, it only brings the receiver a sentence of advice.  `python -m evaluation --only scams` has the figures, docs/adr/0039 the reasons.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

from bot.folding import Folded, fold, numbers

Kind = Literal["code", "gift", "invest", "money", "job", "link", "phone", "messenger"]
KINDS: Final[tuple[Kind, ...]] = ("code", "gift", "invest", "money", "job", "link", "phone", "messenger")
"""The graver first: of several in one message, the receiver hears of the first."""

SAFE_SITES: Final = (
    r"(?:[\w-]+\.)*(?:youtube\.com|youtu\.be|spotify\.com|melon\.com|genie\.co\.kr|music\.apple\.com|soundcloud\.com|namu\.wiki|"
    r"wikipedia\.org|"
    r"(?:map|news|m\.place|webtoon|blog|comic|search)\.naver\.com|map\.kakao\.com|maps\.google\.[a-z.]{2,6}|google\.[a-z.]{2,6}/maps|"
    r"maps\.app\.goo\.gl|netflix\.com|bbc\.com|bbc\.co\.uk|nytimes\.com|imdb\.com|booking\.com|airbnb\.[a-z.]{2,6}|tving\.com|"
    r"watcha\.com|"
    r"cgv\.co\.kr|megabox\.co\.kr|lottecinema\.co\.kr|catchtable\.co\.kr|interpark\.com)"
)
"""Sites to which two people send each other music, films, places and news; anybody can write into the rest of the internet."""
TOPS: Final = (
    r"(?:com|net|org|info|biz|io|co|kr|me|ly|gl|ee|gg|tv|xyz|top|shop|site|online|club|vip|app|live|life|link|click|work|space|store|"
    r"room|"
    r"fun|date|dating|chat|bet|win|pro|icu|cc|ru|cn|us|uk|to|page|website|digital|world|today|love|sex|cam|porn|bid|loan|finance|trade|"
    r"exchange|money|cash|jp|de|fr|in|id|ph|vn|th|my)"
)


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{one})" for one in patterns))


SITE: Final = re.compile(
    rf"(?:h[tx]{{2}}ps?\s*:\s*/\s*/\s*|www\s*\.\s*)?(?<![\w@.])(?P<host>(?:[a-z0-9가-힣](?:[\w-]{{0,40}})(?:\s?\.\s?|\[\.\]|\(\.\)|"
    rf"\s?\(dot\)\s?|"
    rf"\s?\[dot\]\s?|\sdot\s|\s?닷\s?|\s점\s|\s-\s)){{1,4}}(?:{TOPS}|닷?컴)(?:\.(?:kr|uk|jp|au|br))?)(?![a-z0-9@])(?P<path>/\S*)?"
)
SCHEME: Final = re.compile(r"h[tx]{2}ps?\s*:\s*/\s*/\s*\S+|https?\S{4,}")
PLAIN_DOT: Final = re.compile(r"^[a-z]+\.\s[a-z]+$")
ALLOWED: Final = re.compile(rf"(?:h[tx]{{2}}ps?://)?{SAFE_SITES}(?:/|$|\s)")

GIVE_KO = (
    r"(?:줘|주세|주실|주라|줄래|줄\s?수|주면|주시면|달라|알려|보내|불러|찍어|부탁|뭐예|뭐에|뭐야|"
    r"어떻게\s?되|교환|공유|복사|캡처|답장|필요|말해)"
)
ASK_EN = r"(?:send|give|tell|read|text|share|forward|show|drop|what'?s|what\s+is|need|can\s+(?:i|you)|could\s+you|may\s+i|screenshot|get)"

PHONE: Final = _any(
    r"(?<!\d)(?:\+?82[ -]?1|01)[016789][ \-./ㅡ–—~]{0,3}\d{3,4}[ \-./ㅡ–—~]{0,3}\d{4}(?!\d)",
    r"\+\d{1,3}[ \-.]?\(?\d{2,4}\)?(?:[ \-.]?\d{2,4}){2,3}(?!\d)",
    r"(?<![\d.])(?:1[ \-.])?\(?[2-9]\d{2}\)?[ \-.]\d{3}[ \-.]\d{4}(?!\d)",
    r"(?<!\d)0\d{4}[ \-]\d{6}(?!\d)|(?<![\d\-])0\d{9,10}(?![\d\-])",
    r"(?:text|call|cell|number|phone|mobile|num|reach|whatsapp)\D{1,14}\d{7,11}(?!\d)|(?<!\d)\d{7,11},?\s(?:call|text|phone)",
    rf"(?:전화\s?번호|폰\s?번호|핸드폰\s?번호|휴대폰\s?번호|전번|연락처)\S{{0,2}}\s?(?:좀|도|를|을|하나)?\s?{GIVE_KO}|"
    r"(?:제|내)\s(?:폰\s?번호|전화\s?번호|연락처|번호는|전번)",
    r"(?<![가-힣])번호\s?(?:좀|도|를)?\s?(?:줘|주세|주실|주라|알려|뭐예|뭐에|뭐야|교환)",
    r"(?:what'?s|what\s+is|(?:can|could|may)\s+i\s+(?:get|have)|give\s+me|send(?:\s+me)?|drop)\s+(?:me\s+)?your\s+"
    r"(?:(?:phone|mobile|cell|tele(?:phone)?)\s+)?(?:number|digits|num)\b",
    r"(?:exchange|swap|trade)\s+(?:our\s+)?(?:phone\s+|cell\s+)?numbers",
)

MESSENGERS = (
    r"(?:what'?s\s?app|telegram|tele\s?gram|kakao(?:\s?talk)?|katalk|viber|we\s?chat|snap\s?chat|discord|hangouts?|google\s+chat|skype|"
    r"instagram|insta|\bkik\b|\bsnap\b|\big\b|\bline\b|\bsignal\b|\btg\b|\bzalo\b|messenger)"
)
KO_MESSENGERS = (
    r"(?:카카오?톡|카톡|까톡|깨톡|k톡|ㅋㅌ|ㅋㅏ톡|카[.·]톡|오픈\s?(?:카톡|채팅|톡)|(?<![가-힣])톡(?![가-힣])|라인(?!댄스|프렌즈)|텔레그램|텔레(?![비파포])|텔그|왓츠앱|왓츠\s?앱|와츠앱|"
    r"위챗|디스코드|디코|인스타(?:그램)?|디엠|(?<![a-z])dm(?![a-z])|스냅챗|시그널|페메|페이스북|바이버|틱톡|스카이프)"
)
MESSENGER: Final = _any(
    rf"{KO_MESSENGERS}\S{{0,2}}\s?(?:아이디|아디|id|주소|계정)",
    rf"{KO_MESSENGERS}(?:으로|로|에서|앱)\s?(?:만\s|좀\s|따로\s)?(?:넘어|옮|연락|얘기|이야기|대화|할래|하자|해요|할까|하실|주세|와요|와줘|깔고|보내|톡해)",
    rf"{KO_MESSENGERS}\s?(?:친추|추가|맞팔|팔로우|교환|친구\s?추가|부탁)",
    rf"{KO_MESSENGERS}\s?(?:하세요|해요|써요|쓰세요|하시나요|있어요|있으세요)\s?\?.{{0,20}}(?:거기|아이디|교환|추가|얘기|연락)",
    r"(?:^|\s)(?:톡|카톡|라인|인스타|텔레|디코)?\s?(?:아이디|아디)\s?(?:좀|도|가|를)?\s?(?:줘|주세|주실|알려|교환)",
    r"오픈\s?(?:카톡|채팅|톡)\s?(?:방)?\s?(?:주소|링크|드릴|들어와|으로)",
    rf"(?:move|switch|continue|talk|chat|meet|go|come)\s+(?:\w+\s+){{0,3}}(?:to|on|over|via|at)\s+{MESSENGERS}",
    rf"(?:text|message|msg|add|hit|dm|call|follow|contact|reach|find|write|ping)\s+(?:me\s+|you\s+)?(?:up\s+|back\s+)?(?:(?:on|at|in|"
    rf"over|via)\s+)?(?:my\s+)?{MESSENGERS}(?!\s+for)",
    rf"(?:what'?s|what\s+is|send(?:\s+me)?|give(?:\s+me)?|share|have\s+you\s+got)\s+(?:me\s+)?(?:your|ur)\s+{MESSENGERS}",
    rf"\bmy\s+{MESSENGERS}(?:\s+(?:id|name|user\s?name|handle|account))?\s*(?:is|:|=)\s*@?[\w.]{{3,}}",
    rf"{MESSENGERS}\s*(?:id|handle|me)\b|{MESSENGERS}\s*:\s*@?[\w.]{{3,}}",
    rf"do\s+you\s+(?:have|use)\s+{MESSENGERS}[^.]{{0,3}}.{{0,50}}(?:there|my|i\s+will|i'll|send|chat|talk|id|add|let)",
    rf"{MESSENGERS}\s*\?\s*(?:mine|my|let|i'?m|add|here)",
    r"(?:on|via)\s+(?:whats\s?app|telegram|kakao(?:talk)?|wechat)\s+(?:instead|now|please|@|it'?s)|(?:me|email\s+is|"
    r"e-?mail\s+me\s+at)\s+[\w.+-]{1,64}@[\w-]{1,64}\.\w{2,}",
    r"(?<![\w.+-])[\w.+-]{3,64}@(?:gmail|naver|daum|hanmail|outlook|yahoo|hotmail|proton(?:mail)?|icloud)\.\w{2,}",
    r"(?:t\.me|wa\.me|line\.me|open\.kakao\.com|discord\.gg|instagram\.com|qr\.kakao\.com|snapchat\.com|facebook\.com|m\.me)/\S+",
)

SUM_KO = r"(?:\d[\d,]{0,12}\s?(?:만|천|백|억)?\s?(?:원|달러|불|만)|(?:십|이십|삼십|사십|오십|백|이백|삼백|천)\s?만\s?원?)"
SUM_EN = r"(?:[$€£]\s?\d[\d,.]{0,14}|\d[\d,.]{0,14}\s?(?:k|bucks|dollars|usd|euros?|eur|pounds?|\$|€|million)?)"
SEND_KO = r"(?:보내|송금|이체|입금|빌려|부쳐|꿔)"
ASKED_KO = r"(?:줘|주세|주실|주라|줄래|줄\s?수|주면|달라|부탁|해야|하셔야|해\s?주|되|돼|드려|드립|만\s?하|확정)"
BANKS_KO = (
    r"(?:국민|신한|우리|하나|농협|기업|카카오|카뱅|토스|새마을|우체국|부산|대구|광주|수협|제일|씨티|케이|sc|kb|nh|ibk)\s?"
    r"(?:은행|뱅크|금고)?"
)
MONEY: Final = _any(
    rf"{SUM_KO}\S{{0,4}}\s?(?:좀\s|만\s|먼저\s|정도\s)?(?:{SEND_KO})\s?\S{{0,4}}\s?{ASKED_KO}",
    rf"(?:돈|비용?|값|예약금|보증금|선입금|수수료|통관비|병원비|수술비|택시비|차비|생활비|월세)\s?(?:좀|을|를|만|먼저|이)?\s?(?:조금\s|좀\s|먼저\s)?"
    rf"(?:{SEND_KO}|내|대신\s?내|도와)\s?\S{{0,3}}\s?{ASKED_KO}",
    r"(?:돈|비|값)\S{0,2}\s?(?:좀\s|많이\s)?(?:부족|모자라|없어서)\S{0,5}.{0,8}(?:도와|빌려|보내)|(?:병원비|수술비|학비|월세|비행기)\S{0,3}.{0,12}(?:도와|빌려|보내\s?줘)",
    rf"{SUM_KO}?\s?(?:만|원|좀)?\s?빌려\s?(?:줄|주|달|줘)",
    r"(?:계좌|통장)\s?(?:번호)?\S{0,2}\s?(?:좀\s)?(?:알려|보내|빌려|불러|주세|줘)",
    rf"{BANKS_KO}\s?\d[\d-]{{8,}}\d|(?<![\d-])\d{{2,4}}-\d{{2,6}}-\d{{4,7}}(?:-\d{{2,3}})?(?=.{{0,12}}(?:입금|이체|송금|보내|{BANKS_KO}))",
    rf"(?:^|\s){SEND_KO}\s?(?:부탁|해\s?주시?면|먼저)|선입금|먼저\s?(?:입금|송금)|입금\s?(?:해야|하셔야|확인되|해주셔야)",
    r"(?:당일|무직자|신용|소액|급전|저금리|일수)\s?\S{0,6}\s?대출|대출\s?\S{0,4}\s?(?:상담|가능|도와|해\s?드|알아봐|한도)|한도\s?조회",
    r"조건\s?\d{1,9}|페이\s?\d{1,9}\s?만",
    r"(?:lend|borrow|loan|wire|spot)\s+(?:me|us)\b(?!\s+(?:a\s+hand|your\s+(?:book|ear|umbrella)))",
    r"(?:send|transfer|pay|give|cash\s?app|venmo|zelle|deposit|wire|paypal)\s+(?:(?:me|it|over|in|upfront)\s+)*(?:some\s+)?(?:money|"
    r"cash|funds|[$€£]\s?\d{1,9}|\d{1,9}\s?(?:dollars|bucks|euros?|usd|\$))",
    r"(?:cash\s?app|venmo|zelle)\s+me\b|western\s+union|moneygram|\bto\s+my\s+(?:paypal|bank|account|cash\s?app|venmo)\b",
    r"(?:need|short\s+of|help\s+me\s+with)\s+(?:\w+\s+){0,2}(?:money|cash|\d{3,}|bill)\b.{0,40}(?:for|to|please|help|surgery|rent|fee|"
    r"ticket|desperate)",
    r"help\s+me\s+(?:to\s+)?(?:pay|with)\s+(?:\w+\s+){0,3}(?:rent|bills?|fees?|ticket|surgery|medicine|tuition)",
    r"\b(?:bank|my|your)\s+account\s+(?:number|is|to\s+move)|need\s+your\s+account|\biban\b\s*[a-z]{2}\d{2}|\bswift\s+code\b",
    r"(?:quick|instant|fast|easy|personal)\s+loans?\b|(?:need|want|offer)\s+(?:you\s+)?a\s+loan\b|\blow\s+interest\b|know\s+a\s+lender",
    r"(?:customs|clearance|delivery|shipping|release|registration|activation)\s+(?:fee|charge)s?\b.{0,20}|stuck\s+at\s+customs",
    r"pay\s+(?:you|it)\s+back\b.{0,30}(?:promise|just|only|\d)|(?:just|only)\s+(?:need\s+)?\d{2,}.{0,25}pay\s+(?:you|it)\s+back",
    r"pay\s+(?:for\s+me|upfront|in\s+advance|first)|deposit\s+\S{0,3}\d{1,9}\s+first|rates?\s+(?:are|is)\s+\S{0,2}\d{1,9}|"
    r"send\s+(?:me\s+)?the\s+money",
    r"(?:inherited|inheritance)\b.{0,40}(?:million|account|fund)",
)

COIN_KO = (
    r"(?:비트코인|코인(?!노래|\s?노래|\s?세탁)|이더리움|가상\s?화폐|암호\s?화폐|"
    r"테더|usdt|리플|도지|nft|fx\s?마진|마진\s?거래|해외\s?선물|선물\s?투자|주식|공모주|급등주|재테크)"
)
INVEST: Final = _any(
    r"리딩\s?(?:방|받|해|투자)|리딩\S{0,2}\s?(?:받|해|드)|원금\s?(?:\S{0,2}\s)?보장|수익\s?(?:\S{0,2}\s?)?(?:보장|인증)|수익률\s?\S{0,2}\s?\d|월\s?\d{1,9}\s?(?:%|"
    r"프로|퍼)",
    rf"{COIN_KO}.{{0,16}}(?:같이|알려\s?(?:줄|드|주)|가르쳐|도와\s?(?:줄|드|주)|초대|들어오|들어올|추천|하세요|해\s?볼래|하실래|해보셨|사야|사두|오릅|올라요|보내면|벌었|관심)",
    r"(?:소액|투자금|투자)\S{0,4}.{0,18}(?:수익|보장|벌|같이\s?(?:해|투자)|가르쳐|알려\s?(?:줄|드)|해\s?볼래|하실래|하면|됩니다|멘토)",
    r"(?:하루|매일|한\s?달|매달|일주일)\S{0,3}.{0,10}(?:수익|이자|배로|\d{1,9}\s?%).{0,14}(?:나|벌|들어|알려|가르|방법|됩|돼|해)",
    r"(?:플랫폼|거래소|사이트|지갑|바이낸스|업비트|빗썸)\S{0,4}\s?.{0,12}(?:입금|추천\s?코드|투자|수익|테더|보내면|보내(?!지)|두\s?배|에서\s?하세)",
    r"지갑\s?주소|스테이킹|채굴\s?(?:수익|투자)|추천\s?코드\S{0,2}\s?줄",
    r"(?:bitcoin|crypto(?:currency)?|forex|\bfx\b|usdt|ethereum|\beth\b|\bbtc\b|nfts?|tokens?|binary\s+options?|gold\s+trading|"
    r"stocks?|staking|liquidity|trading)\b.{0,50}"
    r"(?:teach|profit|signals?|guarantee|guide|join|returns?|doubl|earn|rich|passive|daily|platform|learn|mentor|never\s+(?:los|fail)|"
    r"invest(?!igat)|before\s+it|win\s+rate|referral)",
    r"(?:teach|profit|signals?|guarantee\w*|guide|join|returns?|doubl\w*|earn\w*|made|passive|mentor|earned|show\s+you|invest\w*|"
    r"platform)\b.{0,40}"
    r"(?:bitcoin|crypto|forex|usdt|ethereum|\bbtc\b|nfts?|binary|trading|\btoken|exchange\b)",
    r"invest\s+(?:\S{0,2}\d{1,9}|with\s+me|together|a\s+little)|(?:double|triple)\s+your\s+money|"
    r"guaranteed\s+(?:\d{1,9}\s?%\s+)?(?:\w+\s+)?(?:profit|returns?|income)",
    r"(?:do\s+you|ever\s+thought\s+(?:about|of)|have\s+you\s+ever)\s+invest\w*.{0,60}(?:help|crypto|uncle|aunt|show|teach|signals?|"
    r"platform)|invest\s+together",
    r"\b(?:bc1[a-z0-9]{20,}|0x[a-f0-9]{30,}|t[a-z0-9]{33})\b|(?:this|my|the)\s+wallet\s+(?:address|and)|wallet\s+address",
    r"trading\s+(?:group|platform|signals?|with\s+me)|(?:stock|trading|crypto)\s+(?:tips?|signals?)\b|\d{1,9}\s?%\s+(?:win\s+rate|profit|"
    r"returns?|a\s+(?:day|week|month))|financial\s+freedom",
)

CARD_KO = (
    r"(?:상품권|문상|기프트\s?카드|기프티?콘|기카|컬[쳐처]랜드|해피\s?머니|틴\s?캐시|구글\s?플레이\s?카드|구글\s?기프트|핀\s?번호|핀번)"
)
GIFT: Final = _any(
    rf"{CARD_KO}\S{{0,3}}.{{0,18}}(?:사\s?(?:서|줘|줄|주|다\s?줘|다\s?주|와)|보내|줄래|주세|알려|불러|찍어|부탁|쏴|주라|번호\s?(?:줘|주)|교환|코드\s?(?:줘|주|보)|"
    rf"결제)(?!\s?줬|줬|\s?받|\s?드렸|했)",
    r"(?:사서|사다|결제).{0,6}(?:핀|코드|번호).{0,10}(?:보내|찍|줘|주|알려)",
    r"(?:buy|get|send|purchase|want|need|pay|accept|scratch|read|grab|bring)\b(?!\s+(?:my|a)\s+friend).{0,30}\b(?:(?:google\s+play|"
    r"itunes|apple|steam|amazon|razer(?:\s+gold)?|xbox|psn|"
    r"sephora|walmart|target|vanilla(?:\s+visa)?|ebay|netflix|nike|starbucks)\s+(?:e-?)?(?:gift\s?)?cards?|(?:e-?)?gift\s?cards?|"
    r"razer\s+gold|vanilla\s+visa)",
    r"(?:gift\s?cards?|itunes\s+cards?|steam\s+cards?|google\s+play)\b.{0,40}(?:please|babe|baby|dear|code|would|works|easier|"
    r"show\s+me|for\s+me|\b\d{2,9})",
    r"(?:read|send|give|tell|show)\s+(?:me\s+)?the\s+(?:pin|code|numbers?)s?\s+(?:on|of|from|behind)\s+(?:the|it|them)",
    r"(?:\d{1,9}\s?\$?|[$€£]\d{1,9})\s+(?:steam|google|apple|itunes|amazon)\s+(?:gift\s?)?cards?",
)

CODE: Final = _any(
    r"(?:인증\s?(?:번호|코드|문자)|본인\s?인증|otp|보안\s?카드|로그인\s?코드|승인\s?번호|일회용\s?비밀번호)\S{0,3}.{0,16}" + GIVE_KO,
    r"인증\s?(?:번호|코드|문자)\s?(?:갔|왔죠|왔지|온\s?거)|(?:문자|코드|번호)\s?(?:갔|왔|온)\S{0,4}.{0,14}(?:불러|알려|복사|캡처|답장|숫자|보내\s?줘)",
    r"(?:여섯|네|6|4|다섯|5)\s?자리\s?(?:코드|숫자|번호).{0,14}(?:불러|알려|뭐|보내|왔|갔)|(?:당신|너|자기|그쪽)\S{0,2}\s?간\s?코드",
    r"(?:주민\s?(?:등록)?\s?번호|주민번호|신분증|민증|여권|운전\s?면허증?|등본)\s?\S{0,3}.{0,10}(?:사진|보내|찍어|불러|알려)\S{0,4}\s?(?:줘|주|보내|면|세요)",
    r"(?:카드\s?번호|유효\s?기간|cvc|cvv|계좌\s?비밀번호|통장\s?비밀번호|공인\s?인증서|(?<!와이파이\s)비밀번호|비번)\S{0,4}\s?.{0,8}(?:알려|불러|보내|뭐예요|뭐에요|뭐야|말해)",
    rf"{ASK_EN}\b.{{0,30}}\b(?:verification|confirmation|login|security|sms|authentication|one[\s-]?time|otp|2fa|whatsapp|"
    rf"telegram)\s*(?:code|pin|number|password)",
    r"(?:\d|six|four|five)[\s-]?digits?\b.{0,20}(?:code|number|you|text|received)|the\s+(?:otp|one\s+time\s+pass\w*)\b|\botp\b",
    r"(?:sent|send|text|get|got|receiv\w+)\b.{0,30}\bcode\b.{0,30}(?:tell|give|what|share|mistake|read|send|forward)|(?:tell|give|"
    r"send|share|read|forward)\s+(?:me\s+)?(?:the\s+)?(?:\w+\s+){0,3}code\s+(?:you|telegram|whatsapp|they|from|that)",
    r"(?:forward|share|read|screenshot)\s+(?:me\s+)?the\s+(?:\w+\s+){0,3}(?:code|sms)|tell\s+me\s+the\s+code|give\s+it\s+to\s+me",
    r"(?:social\s+security|\bssn\b|passport|driver'?s?\s+licen[cs]e|\byour\s+id\b|identity\s+card)\b.{0,12}(?:number|photo|picture|"
    r"so\s+i|card|front)|(?:photo|picture|scan|copy)\s+of\s+your\s+(?:id|passport|licen[cs]e|card)\b",
    r"card\s+number|\bcvv\b|\bcvc\b|(?:tell|give|send|share|need)\s+(?:me\s+)?your\s+(?:\w+\s+)?(?:password|pin|login|credentials|"
    r"seed|pass\s?code)|pin\s+of\s+your|seed\s+phrase|login\s+details",
)

WORK_KO = r"(?:알바|부업|재택|투잡|일자리|아르바이트)"
JOB: Final = _any(
    rf"(?:고수익|고액|고소득|꿀|당일\s?지급|리뷰|문자|현금|배달|앱\s?평가|홍보|모델|구매\s?대행|재택|토토|통장)\s?\S{{0,4}}\s?{WORK_KO}(?!라|생).{{0,20}}(?:있|하실|할래|소개|필요|관심|"
    rf"줘|가능|돼요|구해|할\s?사람|해\s?볼래|예요|같이|드려|주|모집|답장)",
    rf"{WORK_KO}(?!라|생)\S{{0,2}}\s?.{{0,14}}(?:관심|있어요|하실래|하실\s?분|할래|소개해|해\s?볼래|구합|구해요|찾아요|알려\s?줄|알려\s?드|모집|가능해|답장|할\s?사람|같이\s?해|수수료|건당)",
    r"(?:하루|일당|월|시급|건당|일\s?수입)\s?\S{0,3}\s?\d{1,9}\s?(?:만|천|백|프로)?\s?(?:원)?\S{0,3}.{0,12}(?:버는|보장|가능|지급|줘요|줄게|드려|알바|예요|이에요\s?관심)|월\s?(?:천|"
    r"오백|팔백)\s?\S{0,3}\s?보장",
    r"(?:해외|동남아|캄보디아|필리핀|베트남|태국|라오스|미얀마)\S{0,3}.{0,16}(?:일할|일자리|사무직|근무|항공권|숙식)|숙식\s?제공|총판|(?:누르|보)면\s?돈|사람\s?뽑는데\s?(?:면접|올래|지원해\s?볼)|"
    r"(?:일|광고|협찬)\s?소개해\s?(?:줄|드)|소개비",
    r"(?:work|earn|job|money|income)\s+(?:\w+\s+){0,2}(?:from\s+home|online)\b.{0,40}(?:\d|pay|paid|earn|daily|day|need|phone|team|"
    r"commission)|earn\s+\S{0,2}\d{1,9}\s+(?:a|per)\s+(?:day|week|hour)",
    r"(?:part[\s-]time|remote|online|data\s+entry|home|easy|simple)\s+(?:\w+\s+)?(?:job|work|tasks?)\b.{0,40}(?:for\s+you|paid|pay|\d|"
    r"just|like|click|daily)|extra\s+income|side\s+(?:hustle|income)",
    r"(?:we're|we\s+are|i'?m|company\s+is)\s+hiring\b(?!\s+(?:at|again)).{0,40}|(?:company|"
    r"we)\s+needs?\s+(?:a\s+)?(?:\w+\s+){0,2}(?:agents?|rep|reps|workers?|staff|models?)\b|no\s+experience\s+needed|"
    r"free\s+(?:flights?|housing)",
    r"paid\s+per\s+(?:task|click|review)|each\s+(?:review|task|click)\s+pays|(?:earn|get)\s+(?:\d{1,9}\s?%\s+)?commission|(?:rat|review|"
    r"lik|promot|click|test)ing\s+(?:apps?|videos?|ads|hotels?|casino)|just\s+like\s+videos|become\s+a\s+(?:reviewer|model|mystery)",
    r"be\s+a\s+model\?|pay\s+(?:\S{0,2}\d{1,9}|well)\s+a\s+day|(?:offer|have)\s+(?:you\s+)?a\s+(?:\w+[\s-]){0,3}job\b(?!\s+interview)|"
    r"high\s+salary|salary\s+guaranteed|join\s+my\s+team|receive\s+packages|use\s+(?:their|your)\s+bank\s+account",
    r"make\s+\S{0,2}\d{1,9}k?\s+(?:a|per)\s+(?:day|week|month)|make\s+money\s+online|be\s+your\s+own\s+boss|six\s+figures|"
    r"good\s+pay,?\s+(?:ticket|flight)|want\s+a\s+job\b|message\s+me\s+for\s+the\s+job|promote\s+our",
)

PATTERNS: Final[dict[Kind, re.Pattern[str]]] = {
    "code": CODE,
    "gift": GIFT,
    "invest": INVEST,
    "money": MONEY,
    "job": JOB,
    "phone": PHONE,
    "messenger": MESSENGER,
}
WARNING: Final = re.compile(
    r"(?<!not\sa\s)(?<!no\s)\b(?:scam(?:mers?|med)?|spam|phishing)\b|(?:사기(?!\s?(?:아니|꾼\s?아니|아님))|피싱|스캠|스팸|차단이에|차단해요|광고\s?문자)|"
    r"(?:조심하|당할\s?뻔|when\s+asked\s+for)|block\s+(?:anyone|people|whoever)|anyone\s+who\s+asks|people\s+who\s+ask"
)
"""Talk about fraud instead of fraud; "this is no scam" is not that."""
LATER: Final = re.compile(
    r"나중에|천천히|친해지면|친해진\s?(?:뒤|다음|후)|아직은|안\s?알려|함부로|\blater\b|before\s+we|when\s+we\s+know|know\s+each\s+other\s+better|for\s+now|"
    r"rather\s+stay|don'?t\s+(?:give|share)|strangers"
)
"""The writer wants to stay here: no need to advise anybody against leaving."""
PAST: Final = re.compile(
    r"받았|받아서|보냈어|보냈는데|샀는데|샀어요|선물했|했었|안\s?와서|까먹|잃어버|재발급|망했|떨어졌|잘\s?몰라|\blost\b|\bused\s+to\b|\bforgot\b|\bgot\s+me\b|i\s+sent\s+my"
)
"""Something that happened; nothing is asked for, unless the same message asks too."""
ASKING: Final = re.compile(
    GIVE_KO + r"|빌려|할래|하실|들어오|들어올|보장|해\s?볼래|가르쳐|\?|please|"
    r"\bcan\s+you|\bcould\s+you|\bsend\b|\bgive\b|\bbuy\b|\btell\b|teach|\bjoin\b|\bshow\b"
)
STEMS: Final[dict[Kind, re.Pattern[str]]] = {
    "messenger": re.compile(
        r"톡|ㅋㅌ|라인|텔[레그]|왓츠|와츠|위챗|디스코드|디코|인스타|디엠|스냅|시그널|페메|페이스북|바이버|스카이프|아이디|아디|app|gram|kakao|katalk|viber|chat|snap|discord|"
        r"hangout|skype|insta|kik|i[gd]|line|signal|dm|tg|zalo|messenger|@|\.me|\.gg|facebook|e-?mail|오픈|채팅"
    ),
    "money": re.compile(
        r"돈|비|값|세|금|증|송|이체|보내|빌려|원|만|달러|불|부쳐|꿔|계좌|통장|은행|뱅크|대출|한도|조건|페이|[0-9][0-9-]{8}|lend|borrow|loan|wire|spot|money|cash|fund|[$€£]|"
        r"venmo|zelle|paypal|western|account|iban|swift|interest|lender|fee|charge|customs|pay|deposit|rate|inherit|help|need|short\s+of|to\s+my|"
        r"transfer|dollar|bucks|euro|usd"
    ),
    "code": re.compile(
        r"인증|otp|보안|코드|승인|일회용|문자|번호|자리|주민|신분증|민증|여권|면허|등본|유효|cv[cv]|비번|code|digit|pin|pass|sms|security|ssn|licen|your\s+id|identity|"
        r"login|seed|card|credentials|time|number|give\s+it"
    ),
    "gift": re.compile(r"상품권|문상|기프|기카|랜드|머니|카드|틴\s?캐|핀|코드|번호|card|razer|vanilla|pin|code|number|google\s+play"),
    "invest": re.compile(
        r"리딩|원금|수익|코인|더리움|화폐|테더|리플|도지|마진|선물|주식|공모|급등|재테크|투자|소액|지갑|채굴|스테이킹|추천|하루|매일|한\s?달|매달|일주일|플랫폼|거래소|사이트|바이낸스|업비트|빗썸|"
        r"월\s?\d|coin|crypto|forex|fx|usdt|ether|eth|btc|nft|token|binary|gold|stock|staking|liquidity|trading|invest|exchange|double|triple|"
        r"guarantee|wallet|freedom|win\s|%|0x|bc1|t[a-z0-9]{33}"
    ),
    "job": re.compile(
        r"알바|부업|재택|투잡|일자리|아르바이트|하루|일당|월|시급|건당|일\s?수입|해외|동남아|캄보디아|필리핀|베트남|태국|라오스|미얀마|숙식|총판|면\s?돈|사람\s?뽑|소개|online|home|"
        r"earn|job|work|task|income|hiring|need|experience|free\s|paid|pays|commission|ing\s+(?:app|video|ads|hotel|casino)|just\s+like|"
        r"become|model|pay[\s,]|salary|join|packages|bank|make\s|boss|six\s|side\s|promote"
    ),
    "phone": re.compile(r"[0-9]{3}|[0-9][ .-][0-9]{2}|번호|전번|연락처|number|digits|num"),
    "link": re.compile(rf"h[tx]{{2}}p|(?:[.\])닷]\s?|(?:dot|점|-)\s)(?:{TOPS}|닷?컴)"),
}
"""Without one of these in a text the patterns of a kind cannot match: most messages are done with there.

Each begins with a character as it is: such a search costs a fraction of one that may begin at any edge of a word.
"""
CAUTIOUS: Final = frozenset({"phone", "messenger", "link"})


@dataclass(frozen=True, slots=True)
class Sign:
    """Something in a text that receivers should be told about."""

    kind: Kind
    start: int
    """Where it begins in the text as it was written, in characters."""
    end: int


def find(text: str) -> tuple[Sign, ...]:
    """The signs in a message, at most one of each kind, the graver kinds first.

    >>> [(sign.kind, "call 010-1234-5678"[sign.start : sign.end]) for sign in find("call 010-1234-5678")]
    [('phone', '010-1234-5678')]
    >>> [sign.kind for sign in find("구글 기프트카드 사서 번호 보내 주세요")]
    ['gift']
    >>> find("친구 생일이라 기프티콘 보냈어요"), find("See you at 7:30!")
    ((), ())
    >>> [sign.kind for sign in find("카 톡 아 이 디 주 세 요")], [sign.kind for sign in find("join me at b\\u200bit . ly/3xPq7Lm")]
    (['messenger'], ['link'])
    """
    folded = fold(text)
    said = numbers(folded)
    found: list[Sign] = []
    for kind in KINDS:
        seen = said if kind in ("phone", "money") else folded
        if STEMS[kind].search(seen.text) is None:
            continue
        if kind == "link":
            span = _link(seen)
        else:
            match = PATTERNS[kind].search(seen.text)
            span = None if match is None else seen.span(*match.span())
            if match is not None and (_harmless(kind, folded.text) or _another(kind, match[0], found)):
                span = None
        if span is not None:
            found.append(Sign(kind, *span))
    return tuple(found)


def leads_out(address: str) -> bool:
    """Whether an address that Telegram made a link of leads to a site that is not well known.

    >>> leads_out("foo.ai"), leads_out("https://youtu.be/x"), leads_out("HTTPS://YouTube.com/watch?v=x"), leads_out("youtube.com.evil.ai")
    (True, False, False, True)
    """
    return ALLOWED.match(re.sub(r"\s", "", address.casefold())) is None


def _harmless(kind: Kind, text: str) -> bool:
    """Whether the rest of the message says that it asks for nothing."""
    if WARNING.search(text) is not None:
        return True
    if kind in CAUTIOUS:
        return LATER.search(text) is not None and not any(one.isdecimal() for one in text)
    return PAST.search(text) is not None and ASKING.search(text) is None


def _another(kind: Kind, said: str, found: list[Sign]) -> bool:
    """Whether the "number" that is asked for is one of a card or a code, which was found already."""
    return kind == "phone" and not any(one.isdecimal() for one in said) and any(sign.kind in ("code", "gift") for sign in found)


def _link(folded: Folded) -> tuple[int, int] | None:
    """The first address that leads to no well-known site."""
    for pattern in (SITE, SCHEME):
        for match in pattern.finditer(folded.text):
            address = re.sub(r"\s", "", match[0])
            if PLAIN_DOT.match(match[0]) is None and ALLOWED.match(address) is None:
                return folded.span(*match.span())
    return None
