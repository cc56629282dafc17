"""Folders of regions become indexes that grow, go on, and refuse what they cannot use."""

import csv
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from apps.histopathology.stained import region
from corporis.apps.histopathology import CaseIndex, model_of
from corporis.cohorts import slides
from corporis.cohorts.slide_training import train_glands
from corporis.cohorts.slides import add_case, find_alike, index_folder, look
from corporis.errors import BadInput, Unreadable

N_CASES = 8


def write_folder(folder: Path, n=N_CASES, start=0):
    """Painted cases of two kinds, two of each patient, and their table."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for number in range(start, start + n):
        is_malignant = bool(number % 2)
        image, labels = region(is_malignant, number, (130, 170))
        Image.fromarray(image).save(folder / f"case{number}.png")
        Image.fromarray(((labels > 0) * 255).astype(np.uint8)).save(
            folder / f"case{number}_gland.png"
        )
        label = "malignant" if is_malignant else "benign"
        rows.append([f"case{number}", label, f"p{number // 2}", "colon" if number < 4 else "lung"])
    with open(folder / "labels.csv", "w", newline="") as file:
        csv.writer(file).writerows([["image", "label", "patient", "organ"], *rows])
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_folder(tmp_path_factory.mktemp("cases"))


@pytest.fixture(scope="module")
def made(folder, tmp_path_factory):
    path = tmp_path_factory.mktemp("index") / "cases.index"
    assert index_folder(folder, path, um_per_px=1.24) == (N_CASES, N_CASES, [])
    return path


@pytest.fixture
def copy(made, tmp_path):
    path = tmp_path / "copy.index"
    path.write_bytes(made.read_bytes())
    return path


def names(answer):
    return [match.entry.name for match in answer.matches]


def test_new_regions_find_their_kind(made, tmp_path):
    for is_malignant, label in ((False, "benign"), (True, "malignant")):
        image, _ = region(is_malignant, 50, (130, 170), stain=0.85)
        Image.fromarray(image).save(tmp_path / "q.png")
        with CaseIndex(made) as index:
            answer, _ = find_alike(index, look(tmp_path / "q.png", um_per_px=1.24))
        assert answer.diagnosis == label
        assert [m.entry.label for m in answer.matches[:3]] == [label] * 3


def test_the_own_patient_is_left_out_unless_asked(made, folder):
    with CaseIndex(made) as index:
        seen = look(folder / "case2.png", otherwise=slides.scale_of(index))
        assert seen.is_scale_assumed and seen.um_per_px == 1.24
        answer, _ = find_alike(index, seen, n_matches=N_CASES)
        assert not {"case2", "case3"} & set(names(answer)) and len(answer.matches) == 6
        answer, _ = find_alike(index, seen, n_matches=N_CASES, includes_own=True)
        assert names(answer)[0] == "case2" and len(answer.matches) == N_CASES
        answer, _ = find_alike(index, seen, facts={"organ": "lung"})
        assert {m.entry.facts["organ"] for m in answer.matches} == {"lung"}


def test_visual_words_are_learned_once_and_agree(folder, tmp_path):
    path = tmp_path / "words.index"
    index_folder(folder, path, um_per_px=1.24, n_words=200)
    more = write_folder(tmp_path / "more", 2, start=20)
    with CaseIndex(path) as index:
        held = index.part(slides.WORDS)
    assert index_folder(more, path, n_words=50) == (2, N_CASES + 2, [])
    with CaseIndex(path) as index:
        assert held and index.part(slides.WORDS) == held
        model = model_of(index)
        assert set(model.group_weights) == {"measured", "words"}
        assert sum(model.group_weights.values()) == pytest.approx(1)
        answer, _ = find_alike(index, look(folder / "case3.png", um_per_px=1.24))
    assert answer.diagnosis == "malignant"
    near = answer.matches[0].nearer_than
    assert {"words", "mucin"} <= set(near) and all(0 <= share <= 1 for share in near.values())
    assert not any(said.startswith("words") for said in answer.matches[0].agreeing)


def test_an_index_without_words_stays_without(copy, tmp_path):
    more = write_folder(tmp_path / "more", 2, start=20)
    assert index_folder(more, copy, n_words=100) == (2, N_CASES + 2, [])
    with CaseIndex(copy) as index:
        assert index.part(slides.WORDS) == b""


def test_magnification_is_a_fact_of_every_case(made):
    with CaseIndex(made) as index:
        assert len(index.select(magnification="10x")) == N_CASES
        assert not index.select(magnification="40x")


def test_an_interrupted_run_goes_on(folder, made, tmp_path, monkeypatch):
    path, looked = tmp_path / "cut.index", []

    def tired(*arguments, **named):
        looked.append(arguments[0])
        if len(looked) == 4:
            raise KeyboardInterrupt
        return look(*arguments, **named)

    monkeypatch.setattr(slides, "look", tired)
    with pytest.raises(KeyboardInterrupt):
        index_folder(folder, path, um_per_px=1.24)
    with CaseIndex(path) as index:
        assert len(index.names()) == 3
        with pytest.raises(BadInput, match="nothing learned yet"):
            model_of(index)
    assert index_folder(folder, path, um_per_px=1.24) == (N_CASES - 3, N_CASES, [])
    assert len(looked) == N_CASES + 1  # the three that were done were not looked at again
    with CaseIndex(path) as cut, CaseIndex(made) as whole:
        ids = [row[0] for row in whole.select()]
        np.testing.assert_array_equal(cut.codes(ids).codes, whole.codes(ids).codes)


def test_learning_alone_is_made_up_for(folder, tmp_path, monkeypatch):
    path = tmp_path / "cut.index"

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(slides, "learn", interrupted)
        index_folder(folder, path, um_per_px=1.24)
    assert index_folder(folder, path, um_per_px=1.24) == (0, N_CASES, [])
    with CaseIndex(path) as index:
        assert len(index.select()) == N_CASES


def test_one_case_is_added_and_found_at_once(copy, tmp_path):
    image, _ = region(True, 70, (130, 170))
    Image.fromarray(image).save(tmp_path / "new.png")
    assert add_case(tmp_path / "new.png", copy, "malignant", patient="p9") == N_CASES + 1
    with CaseIndex(copy) as index:
        seen = look(tmp_path / "new.png", um_per_px=1.24)
        answer, _ = find_alike(index, seen, includes_own=True)
        assert names(answer)[0] == "new" and answer.matches[0].bits == 0
    with pytest.raises(BadInput, match="already in"):
        add_case(tmp_path / "new.png", copy, "malignant")
    with pytest.raises(BadInput, match="sarcoma: no diagnosis of this index"):
        add_case(tmp_path / "new.png", copy, "sarcoma")


def test_a_grown_folder_grows_the_index(tmp_path, copy):
    more = write_folder(tmp_path / "more", 2, start=20)
    assert index_folder(more, copy) == (2, N_CASES + 2, [])
    with CaseIndex(copy) as index:
        assert len(index.select()) == N_CASES + 2


def test_glass_is_left_out_and_named(tmp_path):
    folder = write_folder(tmp_path / "f", 4)
    Image.fromarray(np.full((130, 170, 3), 250, np.uint8)).save(folder / "case2.png")
    added, held, skipped = index_folder(folder, tmp_path / "i", um_per_px=1.24)
    assert (added, held) == (3, 3)
    assert skipped == ["case2.png: no tissue: nearly every pixel is as bright as glass"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, r"no labels\.csv there"),
        ("image,diagnosis\ncase0,benign\n", "with the column label"),
        ("", "with the column image"),
        ("image,label\ncase0,benign\ncase1,\n", "line 3 has no image or no label"),
        ("image,label\nabsent,benign\n", "names absent, which is not beside it"),
        ("image,label,um_per_px\ncase0,benign,fine\n", "um_per_px is no number"),
        (b"image,label\ncase0,\xff\xfe\n", "not a table"),
    ],
)
def test_bad_tables_are_one_line_and_leave_no_index(content, said, tmp_path):
    folder = write_folder(tmp_path / "f", 2)
    (folder / "labels.csv").unlink()
    if content is not None:
        held = content if isinstance(content, bytes) else content.encode()
        (folder / "labels.csv").write_bytes(held)
    with pytest.raises(BadInput, match=said):
        index_folder(folder, tmp_path / "none.index", um_per_px=1.24)
    assert not (tmp_path / "none.index").exists()


def test_what_cannot_be_looked_at_is_one_line(tmp_path, monkeypatch):
    image, _ = region(False, 0, (60, 80))
    Image.fromarray(image).save(tmp_path / "a.png")
    with pytest.raises(BadInput, match="got nothing: check the path"):
        look(tmp_path / "absent.png")
    with pytest.raises(BadInput, match="give --um-per-px"):
        look(tmp_path / "a.png")
    for box in ((0, 0, 81, 10), (-1, 0, 5, 5), (0, 0, 0, 5), (70, 50, 20, 20)):
        with pytest.raises(BadInput, match="is not within its 80 x 60 pixels"):
            look(tmp_path / "a.png", um_per_px=1, region=box)
    (tmp_path / "b.png").write_bytes(b"\x89PNG broken")
    with pytest.raises(Unreadable, match=r"b\.png"):
        look(tmp_path / "b.png", um_per_px=1)
    monkeypatch.setattr(slides, "MOST_PIXELS", 100)
    with pytest.raises(BadInput, match="choose a part"):
        look(tmp_path / "a.png", um_per_px=1)


def test_a_region_of_a_slide_is_read_at_its_scale(tmp_path):
    image, _ = region(True, 0, (300, 400))
    tifffile.imwrite(
        tmp_path / "s.tif", image, tile=(64, 64), photometric="rgb",
        resolution=(20000, 20000), resolutionunit="CENTIMETER",
    )  # fmt: skip
    seen = look(tmp_path / "s.tif", region=(50, 20, 200, 150))
    np.testing.assert_array_equal(seen.image, image[20:170, 50:250])
    assert seen.um_per_px == pytest.approx(0.5) and not seen.is_scale_assumed
    assert look(tmp_path / "s.tif", um_per_px=0.25).um_per_px == 0.25


def test_other_weights_are_refused(folder, made, tmp_path):
    torch = pytest.importorskip("torch")
    from corporis.apps.histopathology import GlandEvidence
    from corporis.apps.histopathology.training import NETWORK

    torch.manual_seed(0)
    GlandEvidence(NETWORK.export(NETWORK.torch().eval())).save(tmp_path / "w")
    with pytest.raises(BadInput, match="made with other weights"):
        index_folder(folder, made, weights=tmp_path / "w")
    path = tmp_path / "net.index"
    index_folder(write_folder(tmp_path / "f", 4), path, weights=tmp_path / "w", um_per_px=1.24)
    with CaseIndex(path) as index:
        assert slides.encoder_of(index).evidence is not None
        assert len(index.select()) == 4


def test_training_writes_weights_and_refuses_masks_of_another_size(tmp_path):
    pytest.importorskip("torch")
    from corporis.apps.histopathology.training import Schedule

    folder = write_folder(tmp_path / "f", 2)
    count = train_glands(folder, tmp_path / "w", um_per_px=1.24, schedule=Schedule(1, 1))
    assert count == 2 and (tmp_path / "w" / "glands.onnx").is_file()
    Image.fromarray(np.zeros((9, 9), np.uint8)).save(folder / "case0_gland.png")
    with pytest.raises(BadInput, match=r"case0_gland\.png: expected 130 x 170 pixels"):
        train_glands(folder, tmp_path / "v", um_per_px=1.24, schedule=Schedule(1, 1))
    for path in folder.glob("*_gland.png"):
        path.unlink()
    with pytest.raises(BadInput, match=r"no images with \*_gland\.png"):
        train_glands(folder, tmp_path / "v", um_per_px=1.24)
    assert not (tmp_path / "v").exists()
