"""The model card: complete, alone, honest about what was not measured, safe whatever names it is given."""

import re
from dataclasses import replace
from itertools import cycle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from payloom.baseline.results import Ageing, Curves, Estimate, Importance, ReliabilityBin, Slice
from payloom.errors import StorageError
from payloom.tracking import card_plots, card_view
from payloom.tracking.card import render_card, write_card
from tests.counts import count
from tests.profile.hostile import MARK, NAMES, Page
from tests.tracking import card_values as values

MAX_BYTES = 1_500_000
VOID = {"meta", "br", "wbr", "hr", "img", "input", "link"}
LOADING = {"script", "img", "image", "iframe", "object", "embed", "audio", "video", "source", "base", "form"}
DRAWING = ("d", "x", "y", "width", "x1", "x2", "style", "points", "transform")
ODD = (values.NAN, float("inf"), float("-inf"), 0.0, -1.0, 1e9)


class Card(Page):
    """Tags of a card; fails on a tag that is not closed."""

    def __init__(self, text: str) -> None:
        self.open: list[str] = []
        self.headings: list[int] = []
        super().__init__(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        super().handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.append(tag)
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        super().handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        super().handle_endtag(tag)
        assert self.open.pop() == tag, f"</{tag}> closes nothing"


@pytest.fixture(scope="module")
def text() -> str:
    """Give the card of a believable training."""
    return render_card(values.evaluation(), values.about())


def drawn(text: str) -> list[str]:
    """Return the values of attributes that draw."""
    page = Card(text)
    return [value for name in DRAWING for value in page.values(name)]


def test_the_card_can_load_nothing_and_runs_nothing(text):
    """No tag, attribute or style makes a browser fetch or run something; its policy forbids it besides."""
    page = Card(text)
    assert not LOADING & {tag for tag, _ in page.tags}
    names = {name for _, attributes in page.tags for name in attributes}
    assert not names & {"src", "srcset", "data", "action", "background", "poster", "xlink:href"}
    assert page.hooks() == []
    assert all(target.startswith("#") or target == "data:," for target in page.values("href"))
    assert not re.search(r"https?:|//[a-z]|url\((?!#)|@import|@font-face", text, re.IGNORECASE)
    assert "default-src 'none'" in text
    assert len(text.encode()) < MAX_BYTES / 5


def test_the_card_is_well_formed_and_its_links_lead_somewhere(text):
    """Every tag is closed, every id is there once, every inner link and reference has its target."""
    page = Card(text)
    assert page.open == []
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    assert {target[1:] for target in page.values("href") if target != "data:,"} <= set(ids)
    assert set(re.findall(r"url\(#([^)]+)\)", text)) <= set(ids)


def test_the_card_can_be_read_without_eyes(text):
    """One main heading and no level left out; tables have captions and heads, pictures have words or are hidden."""
    page = Card(text)
    assert page.headings[0] == 1
    assert page.headings.count(1) == 1
    assert all(after - before <= 1 for before, after in zip(page.headings, page.headings[1:], strict=False))
    assert text.count("<table") == text.count("<caption>") > 8
    assert all(attributes.get("scope") in {"row", "col"} for tag, attributes in page.tags if tag == "th")
    for picture in re.findall(r"<svg(?![^>]*overflow)[^>]*>(?:<title>|)", text):
        described = 'role="img"' in picture and ("aria-label=" in picture or picture.endswith("<title>"))
        assert described or 'aria-hidden="true"' in picture, picture
    assert 'lang="en"' in text
    assert [attributes for _, attributes in page.tags if attributes.get("class") == "skip"]


def test_the_card_says_what_was_found_with_its_intervals(text):
    """The claim, the bands of real portfolios, money, kinds, features, dates and digests are there."""
    for told in (
        "Finds 63.1\u00a0% of frauds in 1 % of payments, within the band of real portfolios",
        "AUC 0.930 (0.918 – 0.942), average precision 0.310 (0.260 – 0.360), recall at 1 % alerts 63.1\u00a0% (58.1",
        "0.88 – 0.97",
        "0.08 – 0.6<",
        "35 – 85 %",
        "$34,376",
        "$18,000",
        "synthetic bust out",
        "fraud rate of the merchant over 0 days",
        "2025-09-01 to 2025-09-30",
        "2025-10-01 to 2025-12-31",
        "sha256:abab",
        "seed 42",
        "2026-11-23 17:00 UTC",
        "no number here is a claim about a real portfolio",
        "The month 2025-02 has no fraud.",
        "Took the place of version 2",
        "num_leaves",
    ):
        assert told in text, told


def test_the_same_evaluation_gives_the_same_card(text):
    """Nothing of the moment or the machine is in the card."""
    assert render_card(values.evaluation(), values.about()) == text


@pytest.mark.parametrize(
    ("changes", "state", "sentence"),
    [
        ({}, "good", "within the band"),
        ({"auc": values.estimate(0.995, 0.002)}, "bad", "AUC is above the band"),
        ({"auc": values.estimate(0.6)}, "bad", "AUC is below the band"),
        (
            {"ap": values.estimate(0.01), "auc": values.estimate(0.99)},
            "bad",
            "AUC is above and average precision is below",
        ),
        ({"recall_at_1pct": values.UNKNOWN}, "none", "Too few frauds"),
        ({"ap": values.UNKNOWN}, "none", "not all can be held"),
    ],
)
def test_the_verdict_holds_the_model_against_real_portfolios(changes, state, sentence):
    """Better than real models is as suspicious as worse; what is unknown is no success."""
    model = values.model(metrics=values.metrics(**changes))
    found = card_view.verdict(values.undrawn(), model)
    assert found.state == state
    assert sentence in found.sentence


def test_few_frauds_give_no_verdict():
    """With fewer than a hundred frauds the card says so instead of judging."""
    few = values.undrawn(split=values.split(test_frauds=99))
    found = card_view.verdict(few, few.models[0])
    assert found.state == "none"
    assert {line.state for line in found.bands} == {"none"}
    assert "Only 99 frauds to test on" in render_card(few, values.about())


@pytest.mark.parametrize("names", [*((name,) for name in NAMES), NAMES], ids=range(len(NAMES) + 1))
def test_hostile_names_stay_text(text, names):
    """Whatever kinds, features, settings and sources are called, the card has no tag and no hook more."""
    whole = values.evaluation() if len(names) > 1 else values.undrawn()
    hostile = values.with_texts(whole, cycle(names))
    about = replace(values.with_texts(values.about(), cycle(names)), candidate=hostile.models[0].kind)
    made = render_card(hostile, about)
    made.encode()
    page = Card(made)
    assert {tag for tag, _ in page.tags} <= {tag for tag, _ in Card(text).tags} | {"wbr"}
    assert page.hooks() == []
    assert not page.scripts
    assert not re.search("[\u202e\x00\x1b]", made)
    for readable in ("{{ 7*7 }}", MARK, "alert(1)"):
        assert (readable in made) == any(readable in name for name in names)


def test_a_large_evaluation_gives_a_card_of_at_most_one_and_a_half_megabytes():
    """Thousands of kinds, features, settings and notes with long names are cut, and the card says so."""
    long = "'" * 500
    many = tuple(values.part("typology", f"{place}{long}", place % 20) for place in range(5_000))
    models = tuple(
        values.model(
            slices=many,
            curves=values.NO_CURVES,
            settings={f"{place}{long}": long for place in range(3_000)},
            importance=tuple(Importance(f"{place}{long}", long, 0.1, 0.1) for place in range(3_000)),
        )
        for _ in range(30)
    )
    large = values.evaluation(models=models, features=(long,) * 5_000, notes=(long,) * 5_000)
    made = render_card(large, values.about(source=long))
    assert len(made.encode()) <= MAX_BYTES
    assert "4920 more are not listed" in made
    assert "24 more models are not shown" in made
    assert "and 4400 more" in made


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ("slices", "there are no labels of kinds"),
        ("thresholds", "No threshold was chosen for this model"),
        ("curves", "the curve has no points"),
        ("importance", "does not tell what its features are worth"),
        ("ageing", "Not measured: too few months"),
    ],
)
def test_a_missing_part_is_said_to_be_missing(text, part, said):
    """Each part can be absent alone; a sentence stands in its place."""
    bare = values.empty()
    whole = values.evaluation() if part == "thresholds" else values.undrawn()
    if part == "ageing":
        changed = values.undrawn(ageing_note=bare.ageing_note)
    else:
        models = [replace(one, **{part: getattr(bare.models[0], part)}) for one in whole.models]
        changed = values.evaluation(models=tuple(models), ageing=())
    assert said not in text
    assert said in render_card(changed, values.about())


def test_a_card_of_nothing_measured_says_so():
    """Without frauds there is no verdict, every metric is not measurable, and nothing is drawn."""
    made = render_card(values.empty(), values.about())
    assert "Too few frauds to tell" in made
    assert made.count("not measurable") >= 7
    assert "Not measured: this model has no probabilities" in made
    assert "matplotlib" not in made
    assert Card(made).open == []


def test_what_the_caller_does_not_know_is_left_out():
    """Empty texts about the model leave no line, and no word of a registry."""
    about = values.about(registered_name="", registered_version="", registered_alias="", promotion="", config_digest="")
    made = render_card(values.undrawn(), about)
    for line in ("Registered as", "Alias", "Digest of the config", "champion"):
        assert line not in made


@pytest.mark.parametrize("number", ODD)
def test_odd_numbers_break_nothing(number):
    """NaN, infinities, negative and huge numbers in every float at once leave a whole page and whole pictures."""
    made = render_card(values.with_numbers(values.evaluation(), number), values.about())
    assert Card(made).open == []
    assert not [value for value in drawn(made) if re.search(r"\b(nan|inf)\b", value)]
    assert "Undefined" not in made


UNSURE = st.floats(0, 1) | st.just(values.NAN)
ESTIMATES = st.builds(Estimate, UNSURE, UNSURE, UNSURE)
POINTS = st.lists(st.tuples(UNSURE, UNSURE), max_size=5).map(tuple)
MONEY = st.lists(st.tuples(st.floats(0, 1e5), st.floats(-1e9, 1e9) | st.just(values.NAN)), max_size=5).map(tuple)
SLICES = st.lists(
    st.builds(
        Slice,
        by=st.sampled_from(("typology", "channel", "month")),
        name=st.text(max_size=8),
        rows=st.integers(0, 10**9),
        frauds=st.integers(0, 10**6),
        fraud_usd=st.floats(0, 1e9) | st.just(values.NAN),
        auc=ESTIMATES,
        recall_at_1pct=ESTIMATES,
    ),
    max_size=6,
).map(tuple)
BINS = st.lists(st.builds(ReliabilityBin, UNSURE, UNSURE, st.integers(0, 10**9)), max_size=4).map(tuple)
AGES = st.lists(
    st.builds(Ageing, st.integers(0, 40), UNSURE, UNSURE, UNSURE, UNSURE, st.integers(0, 99)), max_size=4
).map(tuple)


@settings(max_examples=count(5, 300))
@given(slices=SLICES, ages=AGES, points=POINTS, money=MONEY, bins=BINS, estimate=ESTIMATES)
def test_any_evaluation_gives_a_whole_card(slices, ages, points, money, bins, estimate):
    """Whatever could and could not be measured, the card is well-formed and no picture holds what is not a number."""
    curves = Curves(roc=points, precision_recall=points, alerts_recall=points, alerts_saved_usd=money, reliability=bins)
    model = values.model(metrics=values.metrics(auc=estimate, savings_share=estimate), slices=slices, curves=curves)
    made = render_card(values.evaluation(models=(model,), ageing=ages), values.about())
    assert Card(made).open == []
    assert not [value for value in drawn(made) if re.search(r"\b(nan|inf)\b", value)]


@given(ESTIMATES, st.sampled_from(("score", "share")))
def test_an_estimate_is_told_with_what_is_known_of_it(estimate: Estimate, unit: card_view.Unit):
    """What is not a number is called not measurable; an interval of which an end is missing is not told."""
    told = card_view.told(estimate, unit)
    assert told.known == (estimate.value == estimate.value)
    assert "nan" not in told.value + told.reach
    ends_known = estimate.low == estimate.low and estimate.high == estimate.high
    assert bool(told.reach) == (told.known and ends_known)


def test_kinds_are_in_the_order_of_their_money_and_months_in_that_of_time():
    """A reader finds the dearest kind first, also where the money of some kind is unknown."""
    parts = (
        replace(values.part("typology", "cheap", 5), fraud_usd=10.0),
        replace(values.part("typology", "unknown", 1), fraud_usd=values.NAN),
        replace(values.part("typology", "dear", 2), fraud_usd=1e6),
        values.part("month", "2025-12", 0),
        values.part("month", "2025-11", 1),
    )
    model = values.model(slices=parts)
    assert [line.name for line in card_view.slices(model, "typology")] == ["dear", "cheap", "unknown"]
    assert [line.name for line in card_view.slices(model, "month")] == ["2025-11", "2025-12"]
    assert card_view.slices(model, "channel") == ()


def test_shares_are_read_off_the_curve_between_its_points():
    """Half way between two points is half the rise; beside the ends of the curve nothing is known."""
    curve = replace(values.curves(), alerts_recall=((0.004, 0.2), (0.012, 0.6), (0.05, 1.0)))
    read = dict(card_view.readings((values.model(curves=curve),)))
    assert read["1 %"] == ("50 %",)
    assert read["0.1 %"] == ("–",)
    assert read["5 %"] == ("100 %",)


def test_the_threshold_by_cost_comes_first():
    """In whichever order thresholds come, the first column is that by cost."""
    model = values.model(thresholds=values.thresholds()[::-1])
    assert dict(card_view.thresholds(model))["Alerts a day"] == ("18.4", "100")
    assert card_view.thresholds(values.model(thresholds=())) == ()


def test_a_loss_is_told_so_that_it_can_be_read():
    """Ends below zero are joined by a word, because a minus beside a dash looks like one."""
    assert card_view.told(Estimate(-0.1, -0.25, -0.02), "share") == card_view.Told("−10\u00a0%", "−25 to −2\u00a0%")


def test_both_thresholds_stand_on_the_curve_of_money():
    """Each threshold is a line and a mark; without them the curve stands alone."""
    curve = values.curves().alerts_saved_usd
    both, none = card_plots.saved(curve, values.thresholds()), card_plots.saved(curve, ())
    assert both.count("var(--c1)") > none.count("var(--c1)") == 0
    assert card_plots.saved((), values.thresholds()) == ""


@pytest.mark.parametrize(
    ("value", "words"),
    [(0.0, "$0"), (950.0, "$950"), (12_340.0, "$12.3k"), (-40_000.0, "−$40k"), (3e6, "$3M"), (2.5e9, "$2.5bn")],
)
def test_axes_write_money_shortly(value, words):
    """Amounts on an axis are short and keep their sign before the currency."""
    assert card_plots.short(value, "$") == words


def test_a_split_without_a_gap_is_drawn_without_one():
    """Where the test begins when the training ends, no gap is drawn."""
    end = values.split().train_to
    made = render_card(values.undrawn(split=values.split(test_from=end, gap_days=0)), values.about())
    assert "Delay gap, 0 days" in made
    assert 'class="gap" style' not in made


def test_the_card_is_of_the_model_that_is_asked_for():
    """The candidate's settings and curves are shown, whichever place it has; another name is refused."""
    made = render_card(values.evaluation(), values.about(candidate="isolation forest"))
    assert "Not measured: this model has no probabilities" not in made
    assert "No threshold was chosen for this model" in made
    assert "the scores of this model are no probabilities" in made
    with pytest.raises(ValueError, match="no model 'oracle'"):
        render_card(values.undrawn(), values.about(candidate="oracle"))


def test_the_card_replaces_an_older_one(tmp_path):
    """The file holds the card, and nothing else is left in the folder."""
    path = tmp_path / "card.html"
    path.write_text("old")
    assert write_card(values.undrawn(), values.about(), path) == path
    assert path.read_text("utf-8") == render_card(values.undrawn(), values.about())
    assert list(tmp_path.iterdir()) == [path]


def test_a_card_that_cannot_be_written_leaves_nothing(tmp_path):
    """A missing folder is a storage error without half a file."""
    with pytest.raises(StorageError):
        write_card(values.undrawn(), values.about(), tmp_path / "missing" / "card.html")
    assert list(tmp_path.iterdir()) == []


def test_up_to_six_models_are_compared():
    """Each model has a column and a line of its own look in the legend."""
    models = tuple(values.model(f"model {place}") for place in range(6))
    made = render_card(values.evaluation(models=models), values.about(candidate="model 3"))
    assert all(f'class="line c{place}"' in made for place in range(6))
    assert made.count("this card") == 1
