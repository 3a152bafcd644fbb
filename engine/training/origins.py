"""World regions of the places that `portraits_ai` prompts name.

Known for one use only: to take out of face embeddings what goes with origin, so that types are not types of origin.  Regions follow
the United Nations' M49 list, with Northern Africa and Western Asia together.
"""

from __future__ import annotations

PLACES = {
    "Africa": """Angola; Benin; Botswana; Cameroon; Central African Republic; Comoros; Cote d'Ivoire; Democratic Republic of the Congo;
        Djibouti; Equatorial Guinea; Eritrea; Eswatini; Gabon; Gambia; Ghana; Malawi; Mauritania; Mayotte; Mozambique; Namibia; Rwanda;
        Saint Helena; Sao Tome and Principe; Senegal; Seychelles; Somalia; South Sudan; Tanzania; Togo; Zimbabwe""",
    "Americas": """Argentina; Bolivia; Colombia; Ecuador; French Guiana; Honduras; Nicaragua; Panama; Paraguay; Peru; Uruguay""",
    "Caribbean": """Bahamas; Curacao; Dominica; Dominican Republic; Grenada; Guadeloupe; Guyana; Haiti; Jamaica; Martinique; Puerto Rico;
        Saint Martin; Sint Maarten; Trinidad and Tobago; Turks and Caicos Islands; Virgin Islands, British""",
    "Eastern Asia": """Brunei Darussalam; Cambodia; China; Democratic People's Republic of Korea; Hong Kong; Indonesia; Japan;
        Kyrgyz Republic; Lao People's Democratic Republic; Mongolia; Republic of Korea; Singapore; Taiwan; Thailand; Timor-Leste;
        Turkmenistan; Uzbekistan""",
    "Southern Asia": """Bangladesh; British Indian Ocean Territory (Chagos Archipelago); India; Nepal; Pakistan; Sri Lanka""",
    "Western Asia": """Algeria; Egypt; Israel; Kuwait; Libyan Arab Jamahiriya; Morocco; Oman; Palestine; Qatar; Saudi Arabia;
        Syrian Arab Republic; Yemen""",
    "Oceania": """American Samoa; Cook Islands; Fiji; French Polynesia; Guam; Kiribati; Marshall Islands; Nauru; Niue; Palau; Samoa;
        Solomon Islands; Tonga; Vanuatu; Wallis and Futuna""",
}
REGIONS = (*PLACES, "Europe and elsewhere")
_REGION = {place.strip(): region for region, places in PLACES.items() for place in places.replace("\n", " ").split(";")}


def region(place: str) -> str:
    """The region of a prompt's place; what is not listed is European or settled from there.

    >>> region("Togo"), region("Norway")
    ('Africa', 'Europe and elsewhere')
    """
    return _REGION.get(place, REGIONS[-1])
