import re
import unittest
from pathlib import Path

import plan

LIBRARY = (Path(__file__).parent.parent.parent / "src/lib.rs").read_text()


class Plans(unittest.TestCase):
    def test_the_library_is_cut(self):
        cut = plan.cut_library(LIBRARY, plan.GROUND)
        self.assertEqual(re.findall(r"^pub mod (\w+);", cut, re.MULTILINE), list(plan.GROUND))

    def test_every_module_that_is_built_exists(self):
        known = re.findall(r"^pub mod (\w+);", LIBRARY, re.MULTILINE)
        self.assertLessEqual({module for group in plan.GROUPS for module in group.modules}, set(known))

    def test_the_manifest_loses_its_targets_alone(self):
        text = '[package]\nname = "p"\n[lib]\ndoctest = false\n\n[[bin]]\nname = "p"\n\n[[test]]\nname = "t"\n[dependencies]\n'
        self.assertEqual(plan.cut_manifest(text), '[package]\nname = "p"\n[lib]\ndoctest = false\n\n\n[dependencies]\n')

    def test_only_the_tests_that_run_are_built(self):
        text, cut = "#[cfg(test)]\nmod tests {\n", "#[cfg(any())]\nmod tests {\n"
        for file, expected in (("src/a/b.rs", text), ("src/a/c/d.rs", text), ("src/a/mod.rs", text), ("src/ab.rs", cut),
                               ("src/x/mod.rs", cut)):
            self.assertEqual(plan.cut_tests(text, file, ("a::",)), expected, file)
        self.assertEqual(plan.cut_tests("#[cfg(test)]\nmod fixtures;\n", "src/x.rs", ()), "#[cfg(test)]\nmod fixtures;\n")

    def test_a_star_stays_in_its_folder_and_tests_are_left_out(self):
        group = plan.Group("x", ("src/a/*.rs",), (), ())
        tracked = ["src/a/b.rs", "src/a/c/d.rs", "src/a/tests.rs", "src/a/b_tests.rs", "src/a/fixtures.rs"]
        self.assertEqual(plan.files_of(group, tracked), ["src/a/b.rs"])

    def test_a_name_is_known_wherever_it_is(self):
        self.assertEqual(plan.without_place("src/a.rs:17:9: replace == with != in f"), "src/a.rs: replace == with != in f")


if __name__ == "__main__":
    unittest.main()
