//! The pages of a person, as one list of Meta's showed them. There may be 100,000, so their texts are kept in one piece.

use crate::secret::Secret;

#[derive(Clone, Debug, Default)]
pub struct PageList {
    /// The id and the name of each page, one after the other.
    text: String,
    ends: Vec<Ends>,
    /// The tokens that the list shows, each with the position of its page.
    tokens: Vec<(usize, Secret)>,
}

/// Where the texts of a page end.
#[derive(Clone, Copy, Debug)]
struct Ends {
    id: usize,
    name: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListedPage<'a> {
    pub id: &'a str,
    pub name: &'a str,
    /// `None` if it was not asked for, or if the person lacks the role or the permission.
    pub token: Option<&'a Secret>,
}

impl PageList {
    pub fn push(&mut self, id: &str, name: &str, token: Option<Secret>) {
        self.tokens
            .extend(token.map(|token| (self.ends.len(), token)));
        self.text.push_str(id);
        let id = self.text.len();
        self.text.push_str(name);
        let name = self.text.len();
        self.ends.push(Ends { id, name });
    }

    /// Adds the pages of another list to the end.
    pub fn append(&mut self, other: Self) {
        let (pages, length) = (self.ends.len(), self.text.len());
        let later = |(page, token)| (page + pages, token);
        self.tokens.extend(other.tokens.into_iter().map(later));
        let later = |ends: Ends| Ends {
            id: ends.id + length,
            name: ends.name + length,
        };
        self.ends.extend(other.ends.into_iter().map(later));
        self.text.push_str(&other.text);
    }

    pub fn iter(&self) -> impl Iterator<Item = ListedPage<'_>> {
        let text = |from, to| self.text.get(from..to).unwrap_or_default();
        let (mut start, mut tokens) = (0, self.tokens.iter().peekable());
        self.ends.iter().enumerate().map(move |(page, ends)| {
            let token = tokens.next_if(|(of, _)| *of == page);
            let listed = ListedPage {
                id: text(start, ends.id),
                name: text(ends.id, ends.name),
                token: token.map(|(_, token)| token),
            };
            start = ends.name;
            listed
        })
    }

    #[must_use]
    pub fn without_tokens(self) -> Self {
        Self {
            tokens: Vec::new(),
            ..self
        }
    }

    /// The approximate memory use in bytes.
    pub fn size(&self) -> usize {
        let token = |(_, token): &(usize, Secret)| size_of::<(usize, Secret)>() + token.len();
        let tokens: usize = self.tokens.iter().map(token).sum();
        self.text.len() + self.ends.len() * size_of::<Ends>() + tokens
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(pages: &[(&str, &str, Option<&str>)]) -> PageList {
        let mut list = PageList::default();
        for (id, name, token) in pages {
            list.push(id, name, token.map(Secret::new));
        }
        list
    }

    #[test]
    fn a_list_gives_back_what_was_added_in_its_order() {
        let mut all = list(&[("1", "Bäckerei", None), ("2", "", Some("EAA2"))]);
        all.append(list(&[]));
        all.append(list(&[("30", "Museum", Some("EAA30")), ("4", "Zoo", None)]));
        let (second, third) = (Secret::new("EAA2"), Secret::new("EAA30"));
        let page = |id, name, token| ListedPage { id, name, token };
        let expected = [
            page("1", "Bäckerei", None),
            page("2", "", Some(&second)),
            page("30", "Museum", Some(&third)),
            page("4", "Zoo", None),
        ];
        assert_eq!(all.iter().collect::<Vec<_>>(), expected);
        assert!(all.size() > list(&[]).size());
        let mut bare = all.without_tokens();
        bare.push("5", "Quay", Some(Secret::new("EAA5")));
        let with_token = bare.iter().filter(|page| page.token.is_some());
        assert_eq!(with_token.map(|page| page.id).collect::<Vec<_>>(), ["5"]);
        assert_eq!(bare.iter().count(), 5);
    }
}
