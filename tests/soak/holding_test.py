import unittest

from holding import MIB, trend


class Trends(unittest.TestCase):
    def test_a_line_is_fitted(self):
        found = trend("memory", [(0, 10), (1, 12), (2, 14)])
        self.assertAlmostEqual(found.first, 10)
        self.assertAlmostEqual(found.last, 14)
        self.assertAlmostEqual(found.growth, 4)

    def test_one_peak_in_the_middle_is_no_growth(self):
        found = trend("threads", [(0, 5), (1, 5), (2, 50), (3, 5), (4, 5)])
        self.assertAlmostEqual(found.growth, 0)
        self.assertTrue(found.is_kept())

    def test_a_steady_leak_is_seen(self):
        leak = [(second, 20 * MIB + second * 20_000) for second in range(300)]
        self.assertFalse(trend("memory", leak).is_kept())
        self.assertFalse(trend("file descriptors", [(second, 20 + second / 30) for second in range(300)]).is_kept())
        self.assertFalse(trend("rows of event", [(second, 1000 + second) for second in range(300)]).is_kept())

    def test_what_shrinks_is_kept(self):
        self.assertTrue(trend("database", [(0, 90 * MIB), (1, 10 * MIB)]).is_kept())


if __name__ == "__main__":
    unittest.main()
