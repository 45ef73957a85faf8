"""Networks of ours as facts have them: of a plan that is up, or with a few parameters alone."""

from netmodes import Network, Plan
from netmodes.plan.log import Run
from netmodes.plan.network import topology_of


def up(plan: Plan, state: str = "up") -> Network:
    """The network of a plan that has been run."""
    return Run(plan, (), state).networks[0]


def named(name: str, mode: str = "", **parameters: str) -> Network:
    """A network of which only these parameters are known."""
    return Network(name, mode, parameters, topology_of(parameters), "up")
