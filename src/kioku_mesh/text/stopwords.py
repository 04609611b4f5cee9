"""Words that say nothing about what is looked for. Those of place and order (before, under, without) do, and stay."""

from __future__ import annotations

ENGLISH = frozenset(
    """
    a about again all also am an and any are aren as at be because been being both but by can could couldn d did didn do
    does doesn doing don each for from had hadn has hasn have haven having he her here hers herself him himself his how
    i if in into is isn it its itself just ll m me more mustn my myself needn no nor not now o of on only or other our
    ours ourselves re s shan she should shouldn so some such t than that the their theirs them themselves then there
    these they this those through to too until ve very was wasn we were weren what when where which while who whom why
    will with won would wouldn y you your yours yourself yourselves
    """.split()
)

# Pairs of hiragana that are particles and endings, found in every second sentence.
JAPANESE = frozenset(
    """
    です ます した して する され れる られ せる させ から まで より こと もの ため とき ない なか なる なっ った って
    てい いる いた いて ある あっ には では とは への との のは のが のを のに での にし をし がし でき きる れた れば
    たら なら たい たち だっ だろ でし まし ませ せん しま ので のか かど どう うか よう うに うな かっ かを かが ても
    でも だけ など とし つい いて てき てく くだ ださ さい
    """.split()
)
