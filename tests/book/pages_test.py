import unittest

import pages

PAGE = """# A page

<!-- before: world fleet -->
<!-- exits: 1 -->
```console
$ perennial status
all is well
$ echo 'a
b' \\
    c
```

1. In a list:

   <!-- run by tests/system -->
   ```console
   $ systemctl status perennial
   ```

Some words end what a comment says of a block.

<!-- typed: x -->

And so it is here.

```toml
a = 1
```
"""


class Blocks(unittest.TestCase):
    def test_marks_commands_and_output_are_read(self):
        first, second, third = pages.blocks(PAGE)
        self.assertEqual(first.marks, {"before": ["world fleet"], "exits": ["1"]})
        self.assertEqual(first.commands(), [("perennial status", ["all is well"]), ("echo 'a\nb' \\\n    c", [])])
        self.assertEqual(second.marks, {"run by": ["tests/system"]})
        self.assertEqual(second.commands(), [("systemctl status perennial", [])])
        self.assertEqual((third.language, third.marks, third.text()), ("toml", {}, "a = 1\n"))

    def test_a_command_goes_on_with_the_prompt_of_the_shell(self):
        block = pages.blocks("```console\n$ a \\\n>   b\n> c\n```")[0]
        self.assertEqual(block.commands(), [("a \\\n>   b", ["> c"])])
        self.assertEqual(pages.as_typed("a \\\n>   b"), "a \\\n  b")

    def test_only_the_chosen_blocks_change(self):
        second = pages.blocks(PAGE)[1]
        new = pages.with_blocks(PAGE, {second.first: ["$ systemctl status perennial", "", "it runs"]})
        expected = PAGE.replace("   $ systemctl status perennial\n", "   $ systemctl status perennial\n\n   it runs\n")
        self.assertEqual(new, expected)


class Outputs(unittest.TestCase):
    def test_a_wrong_word_is_a_difference(self):
        self.assertTrue(pages.matches(["1 of 4 tokens"], ["1 of 4 tokens"]))
        self.assertFalse(pages.matches(["1 of 4 tokens"], ["1 of 5 tokens"]))
        self.assertFalse(pages.matches([], ["1 of 5 tokens"]))

    def test_a_cut_stands_for_one_line_or_more(self):
        self.assertTrue(pages.matches(["a", "…", "d"], ["a", "b", "c", "d"]))
        self.assertFalse(pages.matches(["a", "…", "d"], ["a", "d"]))
        self.assertFalse(pages.matches(["a", "…", "d"], ["a", "b", "e"]))
        self.assertFalse(pages.matches(["a …"], ["a b"]))

    def test_pasting_keeps_a_cut(self):
        self.assertEqual(pages.pasted(["x", "…", "z"], ["a", "b", "c", "d"]), ["a", "…", "d"])
        self.assertEqual(pages.pasted(["…"], ["a", "b"]), ["…"])
        self.assertEqual(pages.pasted(["x"], ["a", "b"]), ["a", "b"])

    def test_what_is_random_is_replaced_and_nothing_else(self):
        token = "EAAJx7OCWabcdefghijklmnopqrstuvwxyz"
        self.assertEqual(pages.steady(f"token {token}\r\nfingerprint 01234567\n"), ["token EAAJx7OCW…", "fingerprint 9f2c41d7"])
        self.assertEqual(pages.steady("ends 2026-12-14 at 09:00, in 12 days"), ["ends 2026-12-14 at 09:00, in 12 days"])


if __name__ == "__main__":
    unittest.main()
