"""Puts an end to whatever scores a deadly word; Python imports this at its start where it is on PYTHONPATH.

A stand-in for what no test can order: a native library that crashes on one text.
"""

import importlib.abc
import importlib.machinery
import os
import signal
import sys
import time


def _deadly(text):
    if "deadly-exit" in text:
        os._exit(7)
    if "deadly-crash" in text:
        os.kill(os.getpid(), signal.SIGSEGV)
    if "deadly-hang" in text:
        time.sleep(3600)
    if "deadly-raise" in text:
        raise RuntimeError("a defect")


class _Finder(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name != "models.scorer":
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        execute = spec.loader.exec_module

        def patched(module):
            execute(module)
            score = module.Scorer.score

            def deadly_score(self, texts, *rest):
                for text in texts:
                    _deadly(text)
                return score(self, texts, *rest)

            module.Scorer.score = deadly_score

        spec.loader.exec_module = patched
        return spec


sys.meta_path.insert(0, _Finder())
