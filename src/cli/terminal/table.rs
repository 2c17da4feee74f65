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
    width: usize,
    is_shown: bool,
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
    is_begun: bool,
}

impl Column {
    pub(crate) const fn new(title: &'static str) -> Self {
        Self {
            title,
            align: Align::Left,
            least: None,
            vanishes: None,
            width: title.len(),
            is_shown: true,
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

    /// On a terminal; programs get every column.
    pub(crate) const fn shown_if(self, is_shown: bool) -> Self {
        Self { is_shown, ..self }
    }

    fn narrowest(&self) -> usize {
        self.least.map_or(self.width, |least| self.width.min(least))
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
        Self {
            columns: columns.into(),
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
        for (index, column) in self.columns.iter_mut().enumerate() {
            let cells = rows.iter().filter_map(|row| row.get(index));
            let widths = cells.map(|cell| text::width(&cell.text));
            column.width = widths.fold(column.width, usize::max);
        }
        // Under a heading that is printed already, no column can be left out.
        while !self.is_begun && self.needed(Column::narrowest) > width && self.leave_one_out() {}
        while self.needed(|column| column.width) > width {
            let shown = self.columns.iter_mut().filter(|column| column.is_shown);
            let may_shrink = shown.filter(|column| column.narrowest() < column.width);
            let Some(widest) = may_shrink.max_by_key(|column| column.width) else {
                return;
            };
            widest.width -= 1;
        }
    }

    /// The width of a line, with each column as wide as `of` says.
    fn needed(&self, of: impl Fn(&Column) -> usize) -> usize {
        let shown = self.columns.iter().filter(|column| column.is_shown);
        let widths: Vec<usize> = shown.map(of).collect();
        widths.iter().sum::<usize>() + GAP.len() * widths.len().saturating_sub(1)
    }

    fn leave_one_out(&mut self) -> bool {
        let shown = self.columns.iter_mut().filter(|column| column.is_shown);
        let may_vanish = shown.filter(|column| column.vanishes.is_some());
        let Some(column) = may_vanish.min_by_key(|column| column.vanishes) else {
            return false;
        };
        column.is_shown = false;
        true
    }

    fn line(&self, row: &[Cell], format: &TerminalFormat) -> String {
        let mut line = String::new();
        let cells = row.iter().zip(&self.columns);
        for (cell, column) in cells.filter(|(_, column)| column.is_shown) {
            if !line.is_empty() {
                line.push_str(GAP);
            }
            let shown = text::cut(&cell.text, column.width, format.glyphs);
            let padding = " ".repeat(column.width.saturating_sub(text::width(&shown)));
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
