"""Words that name no topic: frequent small words of several languages, and what captions say of pictures."""

_ENGLISH = """
a about above across after again against all along also although always am among an and another any
are around as at away back be because been before behind being below beneath beside between beyond
both but by called can cannot could did different do does doing done down during each either else
etc even ever every few for from front further get gets getting give given go goes going had has
have having he her here hers him his how however i if in including inside instead into is it its
itself just kind large largest least less like little long look looking looks lot made make makes
making many may me might more most much must my near nearly next no nor not now of off often on
once one only onto or other others our out over own part parts per rather really same second see
seen several shall she should side since small smaller so some something such than that the their
them then there these they thing things this those through throughout thus to together too toward
towards under until up upon upper us use used uses using various very was way we well were what
when where whether which while who whom whose why will with within without would yes yet you your
zero two three four five six seven eight nine ten first third half double single left right top
bottom middle center centre corner end ends lower old new big short tall great good
"""
_PICTURES = """
background caption closeup close-up copyright credit depict depicted depicting depicts description
file figure foreground img image images jpeg jpg labeled labelled license licence modification
photo photograph photographed photographs photography photos pic picture pictured pictures png
public domain screenshot show showing shown shows thumbnail untitled unknown view source title
"""
_POSES = """
begin begins began carrying dressed facing featuring featured hold holding holds held hanging lie
lies lying pointing points posing posed read reading said say says reads sit sits sitting stand
standing stands taken wear wearing wears worn written pair group drawn different important text
"""
_GERMAN = """
aber als am an auch auf aus bei bild bis da das dass dem den der des die dies diese dieser dieses
durch ein eine einem einen einer eines er es fotografie für gegen hat haben hier im in ist kann man
mehr mit nach nicht noch nur ob oder ohne sehr sein seine sich sie sind so über um und unter vom
von vor war waren was wenn werden wie wird wir zu zum zur zwei zwischen
"""
_ROMANCE = """
aux avec ce ces cette dans de des du elle en entre est et il ils la le les leur mais ne ou où par
pas plus pour que qui sa sans se ses son sont sous sur un une vers deux al como con cuando del
desde donde el ella entre era es esta este está hay las lo los más muy ni no nos o para pero por se
sin sobre son su sus también tiene todo tres un una uno unos y ya dos alla alle che chi col come
con da dal dalla degli dei della delle di due e gli ha ho i il io ma nei nel nella non o per più
quando questa questo sono su sul sulla tra tre un una ao aos as com da das do dos e em entre foi há
isso mais mas na nas no nos não o os ou para pela pelo por que se sem seu sua são também um uma
"""
_DUTCH = """
aan als bij dan dat de deze die dit door een en er het hij hun ik in is maar met naar niet nog of
om onder ook op over te tot uit van voor was wat werd wordt zijn zonder zij
"""

STOP_WORDS = frozenset(" ".join([_ENGLISH, _PICTURES, _POSES, _GERMAN, _ROMANCE, _DUTCH]).split())
