"""Changes by hand move the traffic of a real HAProxy, end, survive its restarts, and never fight its operator."""

import threading
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from costtui.domain.balancer import AckState, Order
from costtui.domain.control import Kind
from costtui.errors import SourceError
from costtui.store.controls import ControlsStore
from tests.balancers.driven import Driven, config_of
from tests.balancers.real import RealHaproxy, about, needs_haproxy

pytestmark = needs_haproxy


def test_a_shift_moves_the_served_shares_and_undo_brings_the_configured_ones_back(folder: Path) -> None:
    with RealHaproxy(folder) as haproxy, Driven(folder, haproxy.socket) as agent:
        assert agent.look() is None
        assert agent.shown().state == "configured"
        assert haproxy.serve(100) == about({"s1": 90, "s2": 10})
        shift = agent.set(Kind.SHIFT, {"vllm1": 20, "vllm2": 80})
        assert agent.look() is None
        assert haproxy.serve(100) == about({"s1": 20, "s2": 80})
        shown, stored = agent.shown(), agent.stored()
        assert (shown.state, shown.asked_revision, shown.live_revision) == (
            "applied",
            shift.revision_id,
            shift.revision_id,
        )
        assert [(each.target, each.weight, each.configured_weight) for each in shown.servers] == [
            ("vllm1", 20, 90),
            ("vllm2", 80, 10),
        ]
        assert (stored.state, stored.orders.revision) == (AckState.APPLIED, shift.revision_id)
        assert [each.weight for each in stored.servers] == [20, 80]
        undo = agent.undo(shift)
        agent.look()
        assert haproxy.serve(100) == about({"s1": 90, "s2": 10})
        assert agent.stored().orders.revision == undo.revision_id
        assert agent.shown().state == "configured"


def test_a_change_by_hand_is_followed_when_it_is_made_and_not_at_the_next_look(folder: Path) -> None:
    with RealHaproxy(folder) as haproxy, Driven(folder, haproxy.socket, look_seconds=10_000) as agent:
        agent.look()
        first = agent.set(Kind.PIN, {"vllm2": 100})
        agent.look()
        second = replace(first, weights=(("vllm1", 100),), parent=first.revision_id)

        def somebody_else() -> None:
            with closing(ControlsStore.open(folder)) as store:
                store.add_revision(second)

        made = threading.Timer(0.2, somebody_else)
        made.start()
        agent.look()  # would wait for hours
        made.join()
        assert haproxy.serve(10) == {"s1": 10}


def test_a_shift_that_ends_by_itself_ends_at_the_balancer_too(folder: Path) -> None:
    with RealHaproxy(folder) as haproxy, Driven(folder, haproxy.socket) as agent:
        agent.set(Kind.SHIFT, {"vllm2": 100}, seconds=5)
        agent.look()
        assert haproxy.serve(20) == {"s2": 20}
        agent.clock.at_ms += 5_000
        agent.look()
        assert haproxy.serve(100) == about({"s1": 90, "s2": 10})


def test_a_pin_sends_everything_to_one_and_a_shift_elsewhere_changes_nothing(folder: Path) -> None:
    with RealHaproxy(folder) as haproxy, Driven(folder, haproxy.socket) as agent:
        agent.set(Kind.PIN, {"vllm2": 100})
        agent.look()
        assert haproxy.serve(20) == {"s2": 20}
        agent.set(Kind.SHIFT, {"novita": 100})
        agent.look()
        assert haproxy.serve(100) == about({"s1": 90, "s2": 10})
        assert agent.shown().reason == "revision 2 gives none of its servers a share: their own weights hold"


def test_a_drain_sends_nothing_new_and_lets_what_runs_end(folder: Path) -> None:
    with RealHaproxy(folder) as haproxy, Driven(folder, haproxy.socket) as agent:
        agent.set(Kind.PIN, {"vllm2": 100})
        agent.look()
        answers: list[str] = []
        running = threading.Thread(target=lambda: answers.append(haproxy.get("/held")))
        running.start()
        assert haproxy.servers[1].arrived.wait(30)
        agent.set(Kind.SHIFT, {"vllm1": 50, "vllm2": 50})
        drain = agent.set(Kind.DRAIN, {"vllm2": 0})
        agent.look()
        assert haproxy.serve(20) == {"s1": 20}
        shown = agent.shown()
        assert (shown.state, shown.servers[1].drained, shown.servers[1].sessions) == ("applied", True, 1)
        assert shown.servers[1].status == "DRAIN"
        haproxy.servers[1].let_go.set()
        running.join()
        assert answers == ["s2"]
        agent.undo(drain)
        agent.look()
        assert haproxy.serve(20) == about({"s1": 10, "s2": 10})


def test_a_restarted_haproxy_is_told_again_and_said_to_be_away_meanwhile(folder: Path) -> None:
    with RealHaproxy(folder) as haproxy, Driven(folder, haproxy.socket) as agent:
        agent.set(Kind.SHIFT, {"vllm1": 20, "vllm2": 80})
        agent.look()
        haproxy.stop()
        for _ in range(2):
            with pytest.raises(SourceError, match="nothing answers"):
                agent.look()
        shown = agent.shown()
        assert (shown.state, shown.age_seconds, shown.away_since) == ("away", 2.0, "2023-11-14T22:13:22.000Z")
        assert [each.weight for each in shown.servers] == [20, 80]  # as last read, with that age
        late = agent.set(Kind.SHIFT, {"vllm1": 50, "vllm2": 50})
        with pytest.raises(SourceError):
            agent.look()
        assert (agent.shown().asked_revision, agent.shown().live_revision) == (late.revision_id, 1)
        haproxy.start()
        agent.look()
        assert haproxy.serve(20) == about({"s1": 10, "s2": 10})
        haproxy.stop()
        haproxy.start()
        agent.look()
        assert haproxy.serve(20) == about({"s1": 10, "s2": 10})
        assert agent.shown().away_since is None


def test_a_reload_forgets_what_it_was_told_and_is_told_again(folder: Path) -> None:
    with RealHaproxy(folder) as haproxy, Driven(folder, haproxy.socket) as agent:
        agent.set(Kind.SHIFT, {"vllm1": 20, "vllm2": 80})
        agent.set(Kind.DRAIN, {"vllm1": 0})
        agent.look()
        haproxy.reload()
        assert haproxy.serve(100) == about({"s1": 90, "s2": 10})
        assert agent.look() is None
        assert haproxy.serve(20) == {"s2": 20}


def test_what_an_operator_changes_is_shown_and_left_alone_until_the_next_change_by_hand(folder: Path) -> None:
    with RealHaproxy(folder) as haproxy, Driven(folder, haproxy.socket) as agent:
        agent.set(Kind.SHIFT, {"vllm1": 20, "vllm2": 80})
        agent.look()
        haproxy.by_hand("set server llm/s2 weight 5")
        for _ in range(3):
            assert agent.look() is None
        shown = agent.shown()
        assert (shown.state, shown.reason) == ("changed", "s2 has weight 5 instead of 80")
        assert agent.stored().state is AckState.CHANGED
        assert agent.balancers.notices() == (
            ("balancer:edge", "HAProxy edge was changed by somebody else: s2 has weight 5 instead of 80"),
        )
        assert haproxy.serve(25) == about({"s1": 20, "s2": 5})
        agent.set(Kind.SHIFT, {"vllm1": 20, "vllm2": 80})
        agent.look()
        assert haproxy.serve(100) == about({"s1": 20, "s2": 80})
        assert agent.balancers.notices() == ()


def test_an_operators_own_changes_without_a_shift_are_left_alone(folder: Path) -> None:
    with RealHaproxy(folder) as haproxy, Driven(folder, haproxy.socket) as agent:
        haproxy.by_hand("set server llm/s1 weight 10")
        haproxy.by_hand("set server llm/s2 state maint")
        assert agent.look() is None
        drain = agent.set(Kind.DRAIN, {"vllm2": 0})
        agent.look()
        agent.undo(drain)
        agent.look()
        assert haproxy.serve(10) == {"s1": 10}  # still in maintenance
        servers = agent.shown().servers
        assert (servers[0].weight, servers[1].maintenance) == (10, True)


def test_an_agent_that_starts_anew_knows_what_it_set_and_what_it_did_not(folder: Path) -> None:
    with RealHaproxy(folder) as haproxy:
        with Driven(folder, haproxy.socket) as agent:
            shift = agent.set(Kind.SHIFT, {"vllm1": 20, "vllm2": 80})
            drain = agent.set(Kind.DRAIN, {"vllm1": 0})
            agent.look()
        haproxy.by_hand("set server llm/s2 weight 7")
        with Driven(folder, haproxy.socket) as agent:
            agent.look()
            assert agent.shown().state == "changed"
            assert agent.shown().servers[1].weight == 7
            agent.undo(drain)
            agent.undo(shift)
            agent.look()
        assert haproxy.serve(100) == about({"s1": 90, "s2": 10})


def test_a_server_that_the_configuration_drops_is_set_back(folder: Path) -> None:
    with RealHaproxy(folder) as haproxy, Driven(folder, haproxy.socket) as agent:
        agent.set(Kind.SHIFT, {"vllm1": 60, "vllm2": 240})
        agent.set(Kind.DRAIN, {"vllm2": 0})
        agent.look()
        agent.configure(config_of(haproxy.socket, '{ vllm1 = "s1" }'))
        for _ in range(3):
            assert agent.look() is None
        assert haproxy.serve(70) == about({"s1": 60, "s2": 10})
        assert agent.shown().state == "applied"
        assert agent.stored().orders.servers == (Order("s1", 60),)


@pytest.mark.parametrize(
    ("options", "words"),
    [({"level": "operator"}, "Permission denied"), ({"balance": "static-rr"}, "static LB algorithm")],
)
def test_a_haproxy_that_may_not_or_cannot_says_so_in_its_own_words(
    folder: Path, options: dict[str, str], words: str
) -> None:
    with RealHaproxy(folder, **options) as haproxy, Driven(folder, haproxy.socket) as agent:
        shift = agent.set(Kind.SHIFT, {"vllm1": 20, "vllm2": 80})
        for _ in range(3):
            problem = agent.look()
            assert problem is not None
            assert words in problem.reason
            assert "level admin" in problem.remedy
        shown = agent.shown()
        assert (shown.state, shown.asked_revision, shown.live_revision) == ("refused", shift.revision_id, None)
        agent.undo(shift)
        assert agent.look() is None
        assert agent.shown().state == "configured"


def test_where_the_changes_by_hand_cannot_be_read_nothing_is_set_back(folder: Path) -> None:
    with RealHaproxy(folder) as haproxy, Driven(folder, haproxy.socket) as agent:
        agent.set(Kind.SHIFT, {"vllm1": 20, "vllm2": 80})
        agent.look()
        agent.controls.path.rename(folder / "good.db")
        (folder / "damaged.db").write_bytes(b"no database" * 1_000)
        (folder / "damaged.db").rename(agent.controls.path)
        agent.look()
        assert agent.stored().state is AckState.APPLIED
        agent.start()
        for _ in range(2):
            with pytest.raises(SourceError, match=r"controls\.db cannot be read"):
                agent.look()
        assert haproxy.serve(10) == about({"s1": 2, "s2": 8})
