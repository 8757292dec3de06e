"""`make supply-chain`: licences, bill of materials, secrets. Exit status 1 says what is wrong.

Runs in an environment of its own (supply_chain/requirements.lock), so that the checkers are not among what is checked.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from supply_chain import bill, licences, secrets
from supply_chain.locked import read_lock

ROOT: Final = Path(__file__).resolve().parents[1]
TOOLS: Final = Path(sys.executable).parent
PYTHON: Final = ROOT / ".venv" / "bin" / "python"
BILL: Final = ROOT / "dist" / "tribometer.cdx.json"


def check() -> list[str]:
    """Everything that is wrong."""
    locked = read_lock(ROOT / "requirements.lock")
    found = licences.problems(locked, licences.stated(TOOLS, PYTHON), licences.read_policy())
    print(f"licences: {len(locked)} packages of requirements.lock")
    bill.write_bill(TOOLS, PYTHON, ROOT / "pyproject.toml", BILL)
    found += bill.problems(BILL, locked)
    print(f"bill of materials: {BILL.relative_to(ROOT)}")
    looked_at = secrets.scan(TOOLS, ROOT)
    found += secrets.problems(looked_at)
    print(f"secrets: {sum(map(len, looked_at.values()))} findings, looked at before unless named below")
    return found


def main(arguments: list[str]) -> int:
    """Check, or take the present findings of the secret scan as looked at."""
    if arguments == ["--accept"]:
        secrets.accept(secrets.scan(TOOLS, ROOT))
        return 0
    if arguments:
        print("usage: python -m supply_chain [--accept]", file=sys.stderr)
        return 2
    wrong = check()
    for one in wrong:
        print(f"  {one}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
