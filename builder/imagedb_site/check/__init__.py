"""Checks a published site: every hash, every link, nothing missing, nothing left over, host limits."""

from imagedb_site.check.limits import LIMITS, Host, Limits
from imagedb_site.check.report import CheckReport, Finding
from imagedb_site.check.site_check import check_site

__all__ = ["LIMITS", "CheckReport", "Finding", "Host", "Limits", "check_site"]
