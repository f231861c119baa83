"""Checks a published site: every hash, every link, nothing missing, nothing left over, what hosts take."""

from imagedb_site.check.library_check import (
    ADVICE,
    LibraryFinding,
    LibraryReport,
    check_library,
    is_library,
)
from imagedb_site.check.limits import LIMITS, Host, Limits
from imagedb_site.check.privacy import Leak, PrivacyReport
from imagedb_site.check.report import CheckReport, Finding, Verdict
from imagedb_site.check.site_check import check_site

__all__ = [
    "ADVICE",
    "LIMITS",
    "CheckReport",
    "Finding",
    "Host",
    "Leak",
    "LibraryFinding",
    "LibraryReport",
    "Limits",
    "PrivacyReport",
    "Verdict",
    "check_library",
    "check_site",
    "is_library",
]
