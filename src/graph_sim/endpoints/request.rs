//! One call, sent alone or in a batch.

use std::borrow::Cow;

use super::versions::{self, Version};
use crate::graph_sim::platform::{self, Platform};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Get,
    Post,
    Delete,
}

impl Method {
    pub(crate) fn from_name(word: &str) -> Option<Self> {
        [Self::Get, Self::Post, Self::Delete]
            .into_iter()
            .find(|method| method.as_str().eq_ignore_ascii_case(word))
            .or_else(|| word.eq_ignore_ascii_case("head").then_some(Self::Get))
    }

    /// The method's name as in the message "Unsupported post request".
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Post => "post",
            Self::Delete => "delete",
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Request<'a> {
    pub(crate) method: Method,
    /// That the host names, or the first segment of the path in its place.
    pub(crate) platform: Option<Platform>,
    pub(crate) version: Option<Version>,
    /// Without host, version, query and leading slash.
    pub(crate) path: &'a str,
    pub(crate) params: Params<'a>,
    pub(crate) bearer: Option<&'a str>,
}

impl<'a> Request<'a> {
    pub(crate) fn new(method: Method, path_and_query: &'a str) -> Self {
        let (path, query) = path_and_query
            .split_once('?')
            .unwrap_or((path_and_query, ""));
        let (platform, path) = platform::split(path);
        let (version, path) = versions::split(path);
        Self {
            method,
            platform,
            version,
            path,
            params: Params::parse(query),
            bearer: None,
        }
    }

    /// Returns the method. Tools that can only POST name it in a parameter.
    pub(crate) fn method(&self) -> Method {
        let meant = self.params.get("method").and_then(Method::from_name);
        match self.method {
            Method::Post => meant.unwrap_or(Method::Post),
            Method::Get | Method::Delete => self.method,
        }
    }

    pub(crate) fn access_token(&self) -> Option<&str> {
        self.params.get("access_token").or(self.bearer)
    }
}

/// Query and form fields together; the Graph API treats both alike.
#[derive(Clone, Debug, Default)]
pub(crate) struct Params<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'a> Params<'a> {
    pub(crate) fn parse(text: &'a str) -> Self {
        Self(form_urlencoded::parse(text.as_bytes()).collect())
    }

    pub(crate) fn add_form(&mut self, text: &'a str) {
        self.0.extend(form_urlencoded::parse(text.as_bytes()));
    }

    pub(crate) fn add(&mut self, name: impl Into<Cow<'a, str>>, value: impl Into<Cow<'a, str>>) {
        self.0.push((name.into(), value.into()));
    }

    /// Returns a field. An empty field counts as missing.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let found = self
            .0
            .iter()
            .find(|(known, value)| known == name && !value.is_empty());
        found.map(|(_, value)| value.as_ref())
    }

    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.iter()
            .filter(move |(known, _)| *known == name)
            .map(|(_, value)| value)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_ref(), value.as_ref()))
    }

    /// Reads a list: a JSON array, as Meta's own SDKs send it, or words separated by commas or spaces.
    pub(crate) fn list(&self, name: &str) -> Vec<String> {
        let text = self.get(name).unwrap_or_default();
        serde_json::from_str(text).unwrap_or_else(|_| {
            let text = text.split([',', ' ']).filter(|word| !word.is_empty());
            text.map(str::to_owned).collect()
        })
    }

    pub(crate) fn is_on(&self, name: &str) -> bool {
        self.get(name)
            .is_some_and(|value| value == "1" || value.eq_ignore_ascii_case("true"))
    }
}
