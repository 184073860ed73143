"""A run in a process of its own, as a command line would start it: prints one line and leaves with the exit code."""

import json
import sys
from pathlib import Path

from payloom.engine.task import Resources
from payloom.errors import PayloomError
from payloom.pipeline.generate import GenerateOptions, generate
from tests.engine.fake_source import FakeSource

if __name__ == "__main__":
    out, source, options = sys.argv[1], json.loads(sys.argv[2]), json.loads(sys.argv[3])
    try:
        generate(FakeSource(**source), Path(out), GenerateOptions(resources=Resources(**options)))
    except PayloomError as error:
        print(f"error: {error.message}; {error.hint}", file=sys.stderr)
        sys.exit(error.exit_code)
