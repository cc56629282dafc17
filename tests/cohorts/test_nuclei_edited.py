"""Edited GeoJSON: what was changed is seen, and what was not is left alone."""

import json

import numpy as np
import pytest

from corporis.apps.nuclei.whole_slide import TileNuclei
from corporis.cohorts.nuclei_edited import changes, read_shapes
from corporis.cohorts.nuclei_files import Facts, Shown, write_outlines
from corporis.errors import BadInput, Unreadable

FACTS = Facts("a", (900, 900), 0.5, 0.5, "he", False, "abc", (1, 1))


def circle(row, column, radius=10.0):
    angle = 2 * np.pi * np.arange(40) / 40
    return np.stack([row + radius * np.sin(angle), column + radius * np.cos(angle)], axis=1)


@pytest.fixture
def tiles():
    outlines = tuple(circle(40 * k + 30, 50) for k in range(20))
    centres = np.array([o.mean(axis=0) for o in outlines])
    nuclei = TileNuclei(centres, outlines, ("shape.area_px",), np.ones((20, 1)))
    return [Shown(np.arange(1, 21), nuclei, ("x",) * 20)]


@pytest.fixture
def held(tiles, tmp_path):
    write_outlines(tmp_path / "a.geojson", tiles, FACTS, ["x"])
    return json.loads((tmp_path / "a.geojson").read_text())


def found(held, tiles, tmp_path, **options):
    (tmp_path / "b.geojson").write_text(json.dumps(held))
    shapes = read_shapes(tmp_path / "b.geojson", FACTS.factor)
    return changes(shapes, tiles, FACTS, **{"is_partial": False, "next_number": 21, **options})


@pytest.mark.parametrize("known_by", ["id", "name", "place"])
def test_nothing_changed_is_nothing_found(known_by, held, tiles, tmp_path):
    for feature in held["features"]:
        if known_by != "id":
            del feature["id"]
        if known_by == "place":
            del feature["properties"]["name"]
        ring = feature["geometry"]["coordinates"][0]
        feature["geometry"]["coordinates"] = [ring[7:] + ring[1:8]]  # begun elsewhere
    held["features"] = held["features"][::-1]
    assert found(held, tiles, tmp_path) == []
    assert found(held["features"], tiles, tmp_path) == []  # a bare list is read too


def test_every_kind_of_change_is_found(held, tiles, tmp_path):
    features = held["features"]
    features[1]["properties"]["classification"] = {"names": ["y"], "color": [1, 2, 3]}
    ring = np.array(features[2]["geometry"]["coordinates"][0])
    features[2]["geometry"]["coordinates"] = [np.add(ring, [3.0, 0]).tolist()]
    new = json.loads(json.dumps(features[3]))
    new["geometry"]["coordinates"] = [np.add(ring, [200.0, 0]).tolist()]
    new |= {"id": "9c0f8a52-0000-4000-8000-000000000000", "properties": {}}
    del features[7]
    seen = found({"features": [*features, new]}, tiles, tmp_path)
    assert [(c.kind, c.number, c.label) for c in seen] == [
        ("delete", 8, ""), ("label", 2, "y"), ("outline", 3, ""), ("add", 21, ""),
    ]  # fmt: skip
    np.testing.assert_allclose(seen[2].outline.mean(axis=0), [110, 56], atol=0.1)
    np.testing.assert_allclose(seen[3].outline.mean(axis=0), [110, 450], atol=0.1)


def test_a_part_of_the_nuclei_deletes_none_without_a_word(held, tiles, tmp_path):
    held["features"] = held["features"][:5]
    with pytest.raises(BadInput, match="lacks 15 of 20 nuclei"):
        found(held, tiles, tmp_path)
    assert found(held, tiles, tmp_path, is_partial=True) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("not json", "expected GeoJSON"),
        ('{"features": [{}]}', "expected GeoJSON"),
        (
            '[{"geometry": {"type": "Point", "coordinates": [1, 2]}}]',
            "expected polygons, got Point",
        ),
        ('[{"geometry": {"type": "Polygon", "coordinates": [[[1, 2]]]}}]', "has 1 points"),
    ],
)
def test_what_is_no_polygon_is_one_line(text, said, tmp_path):
    (tmp_path / "a.geojson").write_text(text)
    with pytest.raises((BadInput, Unreadable), match=said):
        read_shapes(tmp_path / "a.geojson", 1.0)


def test_the_largest_of_several_polygons_is_taken(tmp_path):
    small, large = [[0, 0], [1, 0], [1, 1], [0, 0]], [[5, 5], [9, 5], [9, 9], [5, 9], [5, 5]]
    geometry = {"type": "MultiPolygon", "coordinates": [[small], [large]]}
    (tmp_path / "a.geojson").write_text(json.dumps([{"geometry": geometry}]))
    (shape,) = read_shapes(tmp_path / "a.geojson", 1.0)
    assert shape.outline.shape == (4, 2) and shape.outline.min() == 4.5
