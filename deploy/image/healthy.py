"""Ask the program of this container whether it is well: exit status 0 where /healthz answers 200, else 1.

Standard library alone, without proxies: what is asked is on this machine.
"""

import http.client
import os
import sys

SECONDS = 4
"""Below the timeout of the image's health check, so that the reason can be said."""


def main() -> int:
    port = os.environ.get("TRIBOMETER_HEALTH_PORT", "9470")
    try:
        connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=SECONDS)
        connection.request("GET", "/healthz")
        answer = connection.getresponse()
        said = answer.read(1000).decode(errors="replace").strip()
    except (OSError, http.client.HTTPException, ValueError) as error:
        sys.stdout.write(f"/healthz at port {port}: {error}\n")
        return 1
    sys.stdout.write(f"{answer.status} {said}\n")
    return 0 if answer.status == 200 else 1


if __name__ == "__main__":
    sys.exit(main())
