//! Tables: for people aligned and cut to the terminal's width, for programs separated by tabs.

use anstyle::Style;

use super::output::{Medium, TerminalFormat};
use super::{style, text};

/// The space between columns.
const GAP: &str = "  ";

#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    title: &'static str,
    align: Align,
    /// The smallest width to which the column may be cut.
    least: Option<usize>,
    /// It is left out where cutting is not enough: the lowest number first.
    vanishes: Option<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Align {
    Left,
    Right,
}

#[derive(Clone, Debug)]
pub(crate) struct Cell {
    text: String,
    style: Style,
}

/// A table that is printed page by page: the heading appears once, and columns only grow.
#[derive(Debug)]
pub(crate) struct Table {
    columns: Vec<Column>,
    widths: Vec<usize>,
    /// The columns that there is no room for.
    left_out: Vec<usize>,
    is_begun: bool,
}

impl Column {
    pub(crate) const fn new(title: &'static str) -> Self {
        Self {
            title,
            align: Align::Left,
            least: None,
            vanishes: None,
        }
    }

    pub(crate) const fn number(title: &'static str) -> Self {
        Self {
            align: Align::Right,
            ..Self::new(title)
        }
    }

    pub(crate) const fn may_vanish(self, turn: u8) -> Self {
        Self {
            vanishes: Some(turn),
            ..self
        }
    }

    pub(crate) const fn may_shrink_to(self, least: usize) -> Self {
        Self {
            least: Some(least),
            ..self
        }
    }
}

impl Column {
    fn narrowest(&self, width: usize) -> usize {
        self.least.map_or(width, |least| width.min(least))
    }
}

impl Cell {
    pub(crate) fn new(text: impl AsRef<str>) -> Self {
        Self::styled(text, Style::new())
    }

    pub(crate) fn styled(text: impl AsRef<str>, style: Style) -> Self {
        Self {
            text: text::plain(text.as_ref()),
            style,
        }
    }

    pub(crate) fn painted(&self) -> String {
        style::paint(&self.text, self.style)
    }
}

impl Table {
    pub(crate) fn new(columns: impl Into<Vec<Column>>) -> Self {
        let columns = columns.into();
        Self {
            widths: columns.iter().map(|column| column.title.len()).collect(),
            columns,
            left_out: Vec::new(),
            is_begun: false,
        }
    }

    /// The next rows; the first page begins with the heading.
    pub(crate) fn page(&mut self, rows: &[Vec<Cell>], format: &TerminalFormat) -> String {
        let heading = (!self.is_begun).then(|| self.heading());
        match format.medium {
            Medium::Pipe => {
                self.is_begun = true;
                heading.iter().chain(rows).map(|row| tabbed(row)).collect()
            }
            Medium::Terminal { width } => {
                self.make_room(rows, width);
                self.is_begun = true;
                let lines = heading.iter().chain(rows);
                lines.map(|row| self.line(row, format)).collect()
            }
        }
    }

    fn heading(&self) -> Vec<Cell> {
        let titles = self.columns.iter().map(|column| column.title);
        titles
            .map(|title| Cell::styled(title, style::FAINT))
            .collect()
    }

    fn make_room(&mut self, rows: &[Vec<Cell>], width: usize) {
        for (index, wanted) in self.widths.iter_mut().enumerate() {
            let cells = rows.iter().filter_map(|row| row.get(index));
            let widest = cells.map(|cell| text::width(&cell.text)).max();
            *wanted = (*wanted).max(widest.unwrap_or(0));
        }
        // Under a heading that is printed already, no column can be left out.
        while !self.is_begun && self.needed(Column::narrowest) > width && self.leave_one_out() {}
        while self.needed(|_, now| now) > width {
            let Some(widest) = self.widest_that_may_shrink() else {
                return;
            };
            *widest -= 1;
        }
    }

    /// The width of a line, with each column as wide as `of` says.
    fn needed(&self, of: impl Fn(&Column, usize) -> usize) -> usize {
        let shown = self.columns.iter().zip(&self.widths).enumerate();
        let shown = shown.filter(|(index, _)| !self.left_out.contains(index));
        let widths: Vec<usize> = shown
            .map(|(_, (column, width))| of(column, *width))
            .collect();
        widths.iter().sum::<usize>() + GAP.len() * widths.len().saturating_sub(1)
    }

    fn leave_one_out(&mut self) -> bool {
        let columns = self.columns.iter().enumerate();
        let next = columns
            .filter(|(index, _)| !self.left_out.contains(index))
            .filter_map(|(index, column)| Some((column.vanishes?, index)))
            .min();
        self.left_out.extend(next.map(|(_, index)| index));
        next.is_some()
    }

    fn widest_that_may_shrink(&mut self) -> Option<&mut usize> {
        let left_out = &self.left_out;
        let widths = self.widths.iter_mut().zip(&self.columns).enumerate();
        widths
            .filter(|(index, _)| !left_out.contains(index))
            .map(|(_, shown)| shown)
            .filter(|(width, column)| column.least.is_some_and(|least| **width > least))
            .map(|(width, _)| width)
            .max_by_key(|width| **width)
    }

    fn line(&self, row: &[Cell], format: &TerminalFormat) -> String {
        let mut line = String::new();
        let cells = row.iter().zip(&self.columns).zip(&self.widths);
        let shown = cells.enumerate();
        for (_, ((cell, column), width)) in shown.filter(|(at, _)| !self.left_out.contains(at)) {
            if !line.is_empty() {
                line.push_str(GAP);
            }
            let shown = text::cut(&cell.text, *width, format.glyphs);
            let padding = " ".repeat(width.saturating_sub(text::width(&shown)));
            let shown = style::paint(&shown, cell.style);
            match column.align {
                Align::Left => line.push_str(&(shown + &padding)),
                Align::Right => line.push_str(&(padding + &shown)),
            }
        }
        line.truncate(line.trim_end().len());
        line.push('\n');
        line
    }
}

fn tabbed(row: &[Cell]) -> String {
    let texts: Vec<&str> = row.iter().map(|cell| cell.text.as_str()).collect();
    texts.join("\t") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::terminal::output::tests::{pipe, terminal};

    fn table() -> Table {
        Table::new([
            Column::new("NAME").may_shrink_to(6),
            Column::number("COUNT"),
            Column::new("WHY").may_shrink_to(4),
        ])
    }

    fn row(name: &str, count: &str, why: &str) -> Vec<Cell> {
        [name, count, why].map(Cell::new).to_vec()
    }

    fn shown(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    #[test]
    fn columns_stand_under_their_titles() {
        let rows = [row("acme", "7", "because"), row("東京", "1,822", "")];
        assert_eq!(
            shown(&table().page(&rows, &terminal(80))),
            "NAME  COUNT  WHY\nacme      7  because\n東京  1,822\n"
        );
        assert_eq!(
            table().page(&rows, &pipe()),
            "NAME\tCOUNT\tWHY\nacme\t7\tbecause\n東京\t1,822\t\n"
        );
    }

    #[test]
    fn a_narrow_terminal_gets_the_widest_columns_cut() {
        let rows = [row("a-very-long-name", "7", "a reason that is long")];
        let page = shown(&table().page(&rows, &terminal(30)));
        assert!(page.lines().all(|line| text::width(line) <= 30), "{page}");
        assert!(page.contains("a-very-lon…"), "{page}");
        let narrowest = shown(&table().page(&rows, &terminal(1)));
        assert!(narrowest.contains("a-ver…      7  a r…"), "{narrowest}");
    }

    #[test]
    fn where_cutting_is_not_enough_a_column_is_left_out_and_no_name_is_cut() {
        let table = || {
            Table::new([
                Column::new("NAME"),
                Column::new("WHOSE").may_vanish(2).may_shrink_to(5),
                Column::new("KIND").may_vanish(1),
                Column::new("WHY").may_shrink_to(4),
            ])
        };
        let rows = [["a-very-long-name", "Corner Bakery", "page", "because"]
            .map(Cell::new)
            .to_vec()];
        for (width, expected) in [
            (50, "a-very-long-name  Corner Bakery  page  because"),
            (40, "a-very-long-name  Corner…  page  because"),
            (30, "a-very-long-name  Corn…  beca…"),
            (22, "a-very-long-name  bec…"),
            (5, "a-very-long-name  bec…"),
        ] {
            let mut table = table();
            let page = shown(&table.page(&rows, &terminal(width)));
            assert_eq!(page.lines().last(), Some(expected), "{width}");
            let more = shown(&table.page(&rows, &terminal(width)));
            assert_eq!(more.lines().last(), Some(expected), "{width}");
        }
    }

    #[test]
    fn the_next_page_has_no_heading_and_keeps_the_columns() {
        let mut table = table();
        table.page(&[row("a-longer-name", "1", "x")], &terminal(80));
        let second = shown(&table.page(&[row("b", "2", "y")], &terminal(80)));
        assert_eq!(second, "b                  2  y\n");
        assert_eq!(table.page(&[], &terminal(80)), "");
    }

    #[test]
    fn a_name_cannot_add_columns_or_lines() {
        let rows = [row("a\tb\nc\u{1b}[2J", "1", "")];
        assert_eq!(table().page(&rows, &pipe()).lines().count(), 2);
        assert!(table().page(&rows, &pipe()).contains("a b c [2J\t1"));
    }
}
