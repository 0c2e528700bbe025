"""Everything outside that is not AWS: the vendors, each behind its own switch for faults."""

from __future__ import annotations

from starlette.routing import BaseRoute, Mount
from starlette.types import ASGIApp, Receive, Scope, Send

from app.sim import bedrock, linear, slack, statuspage
from app.sim.bedrock import BedrockSim
from app.sim.faults import Faulty, control_app, too_many_requests
from app.sim.github import GitHubSim
from app.sim.grafana_cloud import GrafanaCloudSim
from app.sim.linear import LinearSim
from app.sim.oncall import OnCallSim
from app.sim.slack import SlackSim
from app.sim.statuspage import StatuspageSim
from app.sim.workos import WorkOSSim


class World:
    """One company's accounts with every vendor, remembered as long as the process lives."""

    def __init__(self, webhook_url: str) -> None:
        self.slack = SlackSim()
        self.oncall = OnCallSim(webhook_url=webhook_url)
        self.workos = WorkOSSim()
        self.grafana = GrafanaCloudSim()
        self.github = GitHubSim()
        self.statuspage = StatuspageSim()
        self.linear = LinearSim()
        self.bedrock = BedrockSim()

    def routes(self) -> list[BaseRoute]:
        """``/slack``, ``/oncall``, ... and ``/faults``, the switchboard."""
        apps: dict[str, ASGIApp] = {name: service.app() for name, service in vars(self).items()}
        throttled = {
            "slack": slack.throttled,
            "statuspage": statuspage.throttled,
            "linear": linear.throttled,
            "bedrock": bedrock.throttled,
        }
        faulty = {
            name: Faulty(app, name, throttled=throttled.get(name, too_many_requests)) for name, app in apps.items()
        }
        vendors = [Mount(f"/{name}", _SparePeople(app, faulty[name])) for name, app in apps.items()]
        return [*vendors, Mount("/faults", control_app(faulty))]


class _SparePeople:
    """A vendor's faults are for its API: whoever sits at the console still sees what is there."""

    def __init__(self, app: ASGIApp, faulty: ASGIApp) -> None:
        self._app = app
        self._faulty = faulty

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        people = "/people/" in scope.get("path", "")
        await (self._app if people else self._faulty)(scope, receive, send)
