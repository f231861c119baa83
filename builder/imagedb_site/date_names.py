"""The names of months and weekdays in the languages whose dates are read.

English, German, French, Spanish, Italian, Portuguese, Dutch, Danish, Norwegian, Swedish, Polish, Czech and
Russian, with their usual abbreviations, and Roman numerals.
"""

from __future__ import annotations

import re
import unicodedata

_MONTHS = (
    "january jan januar jänner jän janvier janv enero ene gennaio gen janeiro januari styczeń stycznia "
    "sty leden ledna январь января янв",
    "february feb februar feber février févr fév febrero febbraio fevereiro fev februari luty lutego lut "
    "únor února февраль февраля фев",
    "march mar märz mrz mär mars marzo março maart mrt marts marzec marca březen března март марта мар",
    "april apr avril avr abril abr aprile kwiecień kwietnia kwi duben dubna апрель апреля апр",
    "may mai mayo maggio mag maio mei maj maja květen května май мая",
    "june jun juni juin junio giugno giu junho czerwiec czerwca cze červen června июнь июня июн",
    "july jul juli juillet juil julio luglio lug julho lipiec lipca lip červenec července июль июля июл",
    "august aug août agosto ago augustus augusti sierpień sierpnia sie srpen srpna август августа авг",
    "september sep sept septembre septiembre setiembre set settembre setembro wrzesień września wrz září "
    "сентябрь сентября сен сент",
    "october oct oktober okt octobre octubre ottobre ott outubro out październik października paź říjen "
    "října октябрь октября окт",
    "november nov novembre noviembre novembro listopad listopada lis listopadu ноябрь ноября ноя нояб",
    "december dec dezember dez décembre déc diciembre dic dicembre dezembro desember des grudzień grudnia "
    "gru prosinec prosince декабрь декабря дек",
)
_WEEKDAYS = (
    "monday mon tuesday tue tues wednesday wed thursday thu thur thurs friday fri saturday sat sunday sun "
    "montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag "
    "mo di mi do fr sa so lundi mardi mercredi jeudi vendredi samedi dimanche lun mer jeu ven sam dim "
    "lunes martes miercoles jueves viernes sabado domingo lunedi martedi mercoledi giovedi venerdi domenica "
    "maandag dinsdag woensdag donderdag vrijdag zaterdag zondag"
)


def folded(text: str) -> str:
    """Returns `text` in compatibility form, without accents and in lower case."""
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", text)
    plain = "".join(char for char in apart if unicodedata.category(char) != "Mn")
    return unicodedata.normalize("NFC", plain).casefold()


_ROMAN = "i ii iii iv v vi vii viii ix x xi xii"
MONTHS = {name: at for at, name in enumerate(_ROMAN.split(), 1)} | {
    folded(name): at for at, names in enumerate(_MONTHS, 1) for name in names.split()
}
"""The number of the month, 1 to 12, by its folded name."""

WEEKDAYS = re.compile(rf"^(?:(?:{'|'.join(_WEEKDAYS.split())})\b\.?,? ?)?(?:(?:le|the) )?")
"""A weekday or an article at the beginning of a folded date."""
