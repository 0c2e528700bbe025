"""Who and what exists in the simulated world: one small company, the same in every service.

People are named by their role. Addresses are of example.com (RFC 2606), so that nothing here can be anybody's.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

TEAM_ID = "T0SANDBOX"
BOT_USER_ID = "U0BOT"
BOT_TOKEN = "xoxb-sandbox-bot"
APP_TOKEN = "xapp-sandbox-app"
SIGNING_SECRET = "sandbox-signing-secret"
HMAC_SECRET = "sandbox-oncall-hmac-secret"
HMAC_SECRET_ID = "incident-response/sandbox/grafana-oncall-hmac"

ONCALL_TOKEN = "sandbox-oncall-token"
GRAFANA_TOKEN = "glc_sandbox"
STATUSPAGE_KEY = "sandbox-statuspage-key"
STATUSPAGE_PAGE = "page0sandbox"
LINEAR_KEY = "lin_api_sandbox"
LINEAR_TEAM = "5e1b0a52-0c65-4c1e-8a3e-000000000001"
LINEAR_PROJECT = "5e1b0a52-0c65-4c1e-8a3e-000000000002"
WORKOS_KEY = "sk_sandbox"
WORKOS_DIRECTORY = "directory_sandbox"
WORKOS_GROUP = "directory_group_checkout"
GITHUB_TOKEN = "ghp_sandbox"
GITHUB_ORG = "example-org"
GITHUB_REPO = "checkout"
SERVICES_FILE = Path(__file__).with_name("services.yaml")

TEAM = "checkout"
SERVICE = "checkout"

ONCALL_INTEGRATION = "CFRPV98RPR1U8"
ONCALL_ROUTE = "RIYGUJXCPFHXY"
ONCALL_CHAIN = "FSPWAI6ZMJ2FA"
ONCALL_SCHEDULE = "SBM7DV7BKFUYU"

FALLBACK_CHANNEL = "C0INCIDENTS"  # public, the app is a member
GENERAL_CHANNEL = "C0GENERAL"  # public, the app is not


@dataclass(frozen=True)
class Member:
    role: str  # also the display name
    email: str
    slack_id: str
    oncall_id: str | None = None  # on OnCall
    on_call_now: bool = False
    in_directory_group: bool = False
    active: bool = True


APPROVER_GROUP = "S0APPROVERS"  # a user group of Slack's
APPROVERS = ("U0LEAD", "U0SECONDARY")

PEOPLE = (
    Member("Primary On-Call", "primary@example.com", "U0PRIMARY", "UONCALLPRIMARY", on_call_now=True),
    Member("Secondary On-Call", "secondary@example.com", "U0SECONDARY", "UONCALLSECOND", on_call_now=True),
    Member("Checkout Lead", "checkout-lead@example.com", "U0LEAD", in_directory_group=True),
    Member("Checkout Engineer", "checkout-engineer@example.com", "U0ENGINEER", in_directory_group=True),
    # In the directory and on the schedule's roster, but not to be invited: has left.
    Member("Former Engineer", "former@example.com", "U0FORMER", in_directory_group=True, active=False),
    Member("Bystander", "bystander@example.com", "U0BYSTANDER"),
)
