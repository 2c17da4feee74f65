import subprocess
import unittest

import terminal


class Strict(unittest.TestCase):
    def ends(self, command):
        return subprocess.run(["bash", "-c", terminal.strict(command)], capture_output=True).returncode

    def test_a_failure_anywhere_is_one_of_the_command(self):
        for command in ("false", "false && true", "true && false", "false\ntrue", "false | true", "false && true && true"):
            self.assertNotEqual(self.ends(command), 0, command)

    def test_what_works_works(self):
        for command in ("true", "true && true", "true\ntrue", "true | cat"):
            self.assertEqual(self.ends(command), 0, command)


if __name__ == "__main__":
    unittest.main()
