"""Derive valence and arousal from the seven probabilities, by the published places of the seven words. Pure.

Nothing is measured beyond the probabilities: two faces with the same seven numbers have the same valence and arousal.
"""

import math
from collections.abc import Sequence

PLACES_OF_WORDS = (
    (-0.51, 0.59),  # angry
    (-0.60, 0.35),  # disgusted
    (-0.64, 0.60),  # fearful
    (0.81, 0.51),  # happy
    (-0.63, -0.27),  # sad
    (0.40, 0.67),  # surprised
    (0.0, 0.0),  # neutral: the origin of both scales, not a word of the study
)
"""Valence and arousal of each word, -1..1, in the order of `EMOTIONS`.

Mean ratings of pleasure and arousal of the states that these words name, from Russell and Mehrabian (1977), Evidence
for a three-factor theory of emotions, Journal of Research in Personality 11, 273-294: there happy, surprised,
disgusted, angry, fearful and sad are rows 31, 52, 75, 82, 101 and 151 of a table. The paper itself was not read. All
six pairs are the same in two independent public copies, one of which has the numbers of the rows, and four of them in
a third. Some programs take other pairs for joy (0.76, 0.48) or fear (-0.62, 0.82): other words, or errors.
"""


def valence_and_arousal(probabilities: Sequence[float]) -> tuple[float, float]:
    """Valence (unpleasant to pleasant) and arousal (calm to excited), each -1..1: the mean of the words' places.

    `probabilities`: seven, each 0..1, that sum to 1, in the order of `EMOTIONS`. Because it is a mean of these places,
    valence is -0.64..0.81 and arousal -0.27..0.67.
    """
    valence, arousal = (
        math.fsum(share * place[axis] for share, place in zip(probabilities, PLACES_OF_WORDS, strict=True))
        for axis in (0, 1)
    )
    return valence, arousal
