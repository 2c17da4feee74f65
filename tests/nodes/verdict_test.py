"""The verdict sees what it must see, and complains of nothing else."""

import unittest

import verdict
from meta import Exchange
from post import Email
from watch import Look


def exchange(token, began, ended, node="n1", **more):
    given = more.pop("given", f"secret of {token} at {began}")
    return Exchange(node, "before", token, began, done=more.pop("done", began), ended=ended, status=200, given=given,
                    delivered=more.pop("delivered", True))


def email(at, message_id="a", node="n1", incident="1", subject="Log in"):
    return Email(node, message_id, incident, "ada@example.com", subject, at - 1, at)


def looks(*holders, able=("n1", "n2")):
    """A look a second; a holder of None is a database that does not answer."""
    return [Look(float(at), frozenset(able), None if holder is None else {"email": holder})
            for at, holder in enumerate(holders)]


class Ledger(unittest.TestCase):
    def test_overlapping_exchanges_of_one_token_are_seen(self):
        for first, second, is_wrong in [((0, 5), (4, 6), True), ((0, 5), (5, 6), False), ((0, None), (9, 10), True)]:
            ledger = [exchange("a", *first), exchange("a", *second, node="n2"), exchange("b", 0, 9)]
            self.assertEqual(bool(list(verdict.in_flight_twice(ledger))), is_wrong, (first, second))

    def test_the_longest_of_several_counts(self):
        ledger = [exchange("a", 0, 9), exchange("a", 1, 2), exchange("a", 5, 6)]
        self.assertEqual(len(list(verdict.in_flight_twice(ledger))), 2)

    def test_what_meta_still_does_is_in_flight_though_the_daemon_has_gone(self):
        ledger = [exchange("a", 0, 1, done=5), exchange("a", 3, 6)]
        self.assertTrue(list(verdict.in_flight_twice(ledger)))

    def test_a_second_exchange_of_a_day_is_seen(self):
        ledger = [exchange("a", 0, 1), exchange("a", 50, 51), exchange("b", 0, 1)]
        self.assertEqual(len(list(verdict.too_often(ledger, {}))), 1)
        self.assertEqual(list(verdict.too_often(ledger, {"a": [20.0]})), [])

    def test_a_secret_that_is_nowhere_is_lost_unless_its_daemon_could_not_store_it(self):
        entry = exchange("a", 0, 1, done=0.6)

        def lost(history, kept=False):
            def excused(entry):
                return verdict.excuse(entry, {"n1": history})

            return bool(list(verdict.lost_secrets([entry], lambda _: kept, excused)))

        self.assertFalse(lost([], kept=True))
        for history, is_lost in [
            ([], True),
            ([(2.0, "killed")], False),
            ([(30.0, "killed")], True),
            ([(0.5, "killed")], True),
            ([(0.9, "killed")], False),
            ([(0.5, "cut off"), (20.0, "killed")], False),
            ([(0.5, "cut off"), (3.0, "no longer cut off"), (20.0, "killed")], True),
            ([(0.5, "cut off"), (0.7, "no longer cut off"), (20.0, "killed")], True),
            ([(2.0, "stopped"), (20.0, "no longer stopped")], True),
        ]:
            self.assertEqual(lost(history), is_lost, history)
        entry.delivered = False
        self.assertFalse(lost([]))


class Emails(unittest.TestCase):
    def twice(self, *emails, first=(), second=(), outages=()):
        histories = {"n1": list(first), "n2": list(second)}

        def may_repeat(earlier, later):
            return verdict.may_repeat(earlier, later, histories, outages)

        return len(list(verdict.email_twice(emails, may_repeat)))

    def test_one_email_has_one_message_id(self):
        self.assertEqual(self.twice(email(0), email(9, "b", subject="Working again")), 0)
        self.assertEqual(self.twice(email(0), email(9, "b")), 1)
        self.assertEqual(self.twice(email(0), email(9, "b", incident="2")), 0)

    def test_the_same_one_comes_twice_only_across_a_crash(self):
        both = email(100), email(118, node="n2")
        self.assertEqual(self.twice(*both), 1)
        for history, complaints in [
            ([(100.1, "killed")], 0),
            ([(99.8, "killed")], 0),
            ([(60.0, "killed")], 1),
            ([(110.0, "killed")], 1),
            ([(100.1, "started")], 1),
            ([(95.0, "cut off")], 0),
            ([(80.0, "cut off"), (90.0, "no longer cut off")], 1),
            ([(101.0, "stopped"), (117.0, "no longer stopped")], 0),
        ]:
            self.assertEqual(self.twice(*both, first=history), complaints, history)
        self.assertEqual(self.twice(*both, outages=[(99.0, 120.0)]), 0)
        self.assertEqual(self.twice(*both, outages=[(10.0, 20.0)]), 1)

    def test_the_second_sender_may_have_been_stopped_in_the_middle(self):
        both = email(100), email(118, node="n2")
        for history, complaints in [([(117.5, "stopped"), (117.9, "no longer stopped")], 0),
                                    ([(80.0, "stopped"), (116.0, "no longer stopped")], 1)]:
            self.assertEqual(self.twice(*both, second=history), complaints, history)


class Duties(unittest.TestCase):
    def gaps(self, seen):
        return [length for _, length in verdict.gaps(seen, "email")]

    def test_a_gap_is_from_the_last_holder_who_could_work_to_the_next(self):
        self.assertEqual(self.gaps(looks("n1", "n3", "n3", "n3", "n2", "n2")), [3.0])
        self.assertEqual(self.gaps(looks("n1", "n1")), [])
        self.assertEqual(self.gaps(looks("n1", "", "")), [1.0], "it may not have ended")

    def test_without_a_database_or_anybody_who_could_work_no_time_passes(self):
        self.assertEqual(self.gaps(looks("", "", None, "", "n1")), [1.0])
        self.assertEqual(self.gaps(looks("n1", "n1", able=())), [])

    def test_a_late_take_over_is_seen(self):
        seen = looks("n1", *["n3"] * 22, "n2")
        self.assertEqual(len(list(verdict.late_take_overs(seen, ["email"]))), 1)
        self.assertEqual(verdict.longest_gap(seen, ["email"]), 22.0)
        self.assertEqual(list(verdict.late_take_overs(looks("n1", "n3", "n2"), ["email"])), [])

    def test_who_has_a_wrong_clock_leads_nothing(self):
        seen = looks("n1", "n1", "n1", "n2")
        for span, is_wrong in [((0.5, 2.5), True), ((2.5, 9.0), False)]:
            self.assertEqual(bool(list(verdict.held_with_a_wrong_clock(seen, {"n1": [span]}))), is_wrong)

    def test_an_epoch_that_goes_back_is_seen(self):
        def seen(*epochs):
            return [Look(float(at), frozenset(), {}, {"email": epoch}) for at, epoch in enumerate(epochs)]

        self.assertEqual(list(verdict.going_back(seen(1, 2, 2, 5))), [])
        self.assertEqual(len(list(verdict.going_back(seen(1, 3, 2)))), 1)

    def test_outages_are_when_the_database_did_not_answer(self):
        self.assertEqual(list(verdict.outages(looks("n1", None, None, "n1", None))), [(1.0, 3.0), (4.0, 4.0)])


class Events(unittest.TestCase):
    def test_a_follower_misses_nothing_and_gets_nothing_twice(self):
        for seen, complaints in [([0, 1, 2, 3], 0), ([0, 1, 3], 1), ([0, 1, 2, 2, 3], 1), ([0, 2, 1, 3], 1)]:
            self.assertEqual(len(list(verdict.missed_events([1, 2, 3], {"n1": seen}))), complaints, seen)


if __name__ == "__main__":
    unittest.main()
