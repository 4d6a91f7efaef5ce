"""papermill's engine, with every save cleaned of secrets. Used by `diaglib run`."""

from __future__ import annotations

from typing import Any

from papermill.engines import NBClientEngine, papermill_engines

from diaglib.runs.secrets import secret_values, strike_out_all

ENGINE = "diaglib"


class CleanEngine(NBClientEngine):  # type: ignore[misc]
    """Runs a notebook as papermill does; what it writes on the way, after each cell, holds no secret."""

    @classmethod
    def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, **options: Any) -> Any:
        """papermill's hook; `nb_man` holds the notebook and writes it."""
        secrets, save = secret_values(), nb_man.save

        def clean_save(**given: Any) -> None:
            strike_out_all(nb_man.nb, secrets)
            save(**given)

        nb_man.save = clean_save
        return super().execute_managed_notebook(nb_man, kernel_name, **options)


papermill_engines.register(ENGINE, CleanEngine)
