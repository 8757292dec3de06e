"""The functions' distributions against scipy's."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from tests.pipelines.views.relations import connect_over


def column(query: str) -> np.ndarray:
    return np.array(connect_over({}).execute(query).fetchnumpy()["value"], dtype=float)


def test_normal_cdf() -> None:
    z = np.arange(-400, 401) / 10
    found = column("SELECT normal_cdf(i / 10) AS value FROM range(-400, 401) AS t(i)")
    assert found == pytest.approx(stats.norm.cdf(z), abs=1e-14)
    assert found[z < 0] == pytest.approx(stats.norm.cdf(z[z < 0]), rel=1e-8, abs=1e-300)


def test_t_quantile_975() -> None:
    found = column("SELECT t_quantile_975(i) AS value FROM range(1, 400) AS t(i)")
    assert found == pytest.approx(stats.t.ppf(0.975, np.arange(1, 400)), abs=1.1e-4)


def test_t_p_value() -> None:
    freedom, tenths = np.meshgrid(np.arange(1, 60), np.arange(-120, 121), indexing="ij")
    found = column(
        """SELECT t_p_value(tenths / 10, df) AS value FROM range(1, 60) AS a(df), range(-120, 121) AS b(tenths)
        ORDER BY df, tenths"""
    )
    assert found == pytest.approx(2 * stats.t.sf(np.abs(tenths.ravel() / 10), freedom.ravel()), abs=1e-13)


def test_what_is_not_defined_is_null() -> None:
    found = (
        connect_over({})
        .execute(
            "SELECT t_quantile_975(0), t_quantile_975(2.5), t_p_value(1, 0), t_p_value(1, 2.5), normal_cdf(NULL)"
        )
        .fetchall()
    )
    assert found == [(None, None, None, None, None)]
