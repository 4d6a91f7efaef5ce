"""A headless Chromium for tests that open a report: what it shows, what it asks for, what it complains of."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CHROMIUM, CHROMEDRIVER = shutil.which("chromium"), shutil.which("chromedriver")
HAS_BROWSER = CHROMIUM is not None and CHROMEDRIVER is not None


@contextmanager
def open_browser(profile: Path) -> Iterator:
    """A selenium driver with an empty profile in `profile`, keeping its console and its requests."""
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for option in ("headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-background-networking"):
        options.add_argument(f"--{option}")
    options.add_argument(f"--user-data-dir={profile}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options, webdriver.ChromeService(CHROMEDRIVER))
    try:
        yield driver
    finally:
        driver.quit()


def console(driver) -> list[str]:
    """What the page wrote to the console as errors since the last call."""
    return [entry["message"] for entry in driver.get_log("browser") if entry["level"] == "SEVERE"]


def asked_for(driver) -> list[str]:
    """Every address asked for since the last call that is not in the page or the file itself, and was not held back."""
    events = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]
    failed = [event["params"] for event in events if event["method"] == "Network.loadingFailed"]
    held_back = {params["requestId"] for params in failed if params.get("blockedReason") == "csp"}
    sent = [event["params"] for event in events if event["method"] == "Network.requestWillBeSent"]
    addresses = [params["request"]["url"] for params in sent if params["requestId"] not in held_back]
    return [
        address
        for address in addresses
        if not address.startswith(("file:", "data:", "blob:", "about:", "chrome:", "chrome-untrusted:"))
    ]


def show_at(driver, width: int, height: int = 900) -> None:
    """The page in a window of that many px, phones included: a real window does not get so narrow."""
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
