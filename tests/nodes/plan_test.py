"""What is drawn is the same for the same seed, and leaves nothing out."""

import unittest

from plan import FAULTS, draw
from proof import SHORT


class Plans(unittest.TestCase):
    def test_a_seed_draws_the_same_again(self):
        self.assertEqual([str(draw(seed)) for seed in range(50)], [str(draw(seed)) for seed in range(50)])

    def test_the_short_form_has_every_fault(self):
        plans = [draw(seed) for seed in SHORT]
        promotions = [plan for plan in plans if any(step.fault == "promote" for step in plan.steps)]
        self.assertEqual({step.fault for plan in plans for step in plan.steps}, set(FAULTS))
        self.assertEqual({plan.synchronous for plan in promotions}, {True, False})
        self.assertTrue(any(plan.two_hosts for plan in plans) and any(plan.pooler for plan in plans))

    def test_a_standby_is_promoted_once(self):
        for seed in range(500):
            self.assertLessEqual([step.fault for step in draw(seed).steps].count("promote"), 1, seed)

    def test_sixty_runs_have_every_fault_often(self):
        faults = [step.fault for seed in range(1, 61) for step in draw(seed).steps]
        self.assertGreaterEqual(min(faults.count(name) for name in FAULTS), 12)


if __name__ == "__main__":
    unittest.main()
