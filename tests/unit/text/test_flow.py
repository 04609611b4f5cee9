"""What of a text matters when it is compared, script by script."""

from __future__ import annotations

import pytest

from kioku_mesh.text.flow import flow


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("The tests are not run on Windows", "^on !not wtest wrun wwindow ~="),
        ("`FLUSH_MAX` is 30s", "@FLUSH_MAX ~= #30s"),
        ("See src/a.py, issue #12 of 2024-05-01", "wsee @src/a.py wissu @#12 @2024-05-01"),
        ("Should it retry?", "wretry ^?"),
        ("load > 5, port -1", "wload #5 wport #-1 ^>"),
        ("認証の有効期限は三十分にする", "w認証 w有効期限 ~= #30 w分"),
        ("キャッシュを使わない", "wキャッシュ $whom w使 !ない"),
        ("我们不使用SQLite", "!不 w使用 wsqlit"),
        ("서버가 함수를 호출하지 않는다", "w서버 $who w함수 $whom w호출 !않"),
        ("เราไม่ใช้ Redis ครับ", "wเรา !ไม่ wใช้ wredi"),
        ("المُهلة ٣٠ ثانية", "wالمهلة #30 wثانية"),
        ("Мы не используем кэш", "wмы !не wиспользуем wкэш"),
        ("डेटा नहीं है", "wडेटा !नहीं wहै"),
        ("Deploy ✅ 👍🏽", "wdeploy ^✅ ^👍"),
        ("- * # …", ""),
    ],
)
def test_the_tokens_of_a_text(text: str, tokens: str) -> None:
    """Words, numbers, names, negations, what else tells, joints and roles, each with its sign."""
    assert sorted(flow(text)) == sorted(tokens.split())


@pytest.mark.parametrize(
    ("written", "digits"),
    [
        ("三十五", "35"),
        ("二〇二四", "2024"),
        ("二万五千", "25000"),
        ("十", "10"),
        ("百億", "10000000000"),
        ("两千零三", "2003"),
    ],
)
def test_chinese_numbers_are_numbers(written: str, digits: str) -> None:
    """Whether they are read by place or by unit."""
    assert flow(f"{written}個") == flow(f"{digits}個") == (f"#{digits}", "w個")


def test_sentences_are_told_apart() -> None:
    """At a stop before a blank or of a script without them, and at a line end; not within a name."""
    assert flow("Use v1.2. Then wait\nor not") == ("wuse", "#v1.2", ".", "wwait", ".", "!not")
    assert flow("使う。待つ。")[1:] == (".", "w待", ".")


def test_blanks_within_a_script_without_blanks_say_nothing() -> None:
    """In Thai and Chinese they are set or left out at will."""
    assert flow("เซิร์ฟเวอร์ ใช้พอร์ต 8080") == flow("เซิร์ฟเวอร์ใช้พอร์ต 8080")
    assert flow("存储 数据") == flow("存储数据")
    assert flow("서버 포트") != flow("서버포트")


def test_pieces_that_were_seen_before_are_the_same() -> None:
    """What is kept of a piece depends on nothing around it but the script before."""
    assert flow("使う") == flow("使う")
    assert flow("う") != flow("使う")[1:]
