//! The two text formats: OpenMetrics, and the classic one of Prometheus, which older programs and node exporter's
//! text files need. Which one a client gets depends on its Accept header.

/// How metrics are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    OpenMetrics,
    /// Version 0.0.4 of Prometheus' own format.
    Classic,
}

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const CLASSIC: &str = "text/plain; version=0.0.4; charset=utf-8";

impl Format {
    /// The classic format if the client prefers plain text, otherwise OpenMetrics.
    pub fn accepted(accept: &str) -> Self {
        let weight = |types: &[&str]| {
            let ranges = accept.split(',').filter_map(range);
            let of_type = ranges.filter(|(name, _)| types.contains(name));
            of_type.map(|(_, weight)| weight).fold(0.0, f32::max)
        };
        if weight(&["text/plain", "text/*"]) > weight(&["application/openmetrics-text"]) {
            Self::Classic
        } else {
            Self::OpenMetrics
        }
    }

    pub const fn content_type(self) -> &'static str {
        match self {
            Self::OpenMetrics => OPEN_METRICS,
            Self::Classic => CLASSIC,
        }
    }

    pub(super) fn of_open_metrics(self, text: String) -> String {
        match self {
            Self::OpenMetrics => text,
            Self::Classic => classic(&text),
        }
    }
}

/// A media range of an Accept header in lower case, and its weight.
fn range(written: &str) -> Option<(&str, f32)> {
    let mut parts = written.split(';').map(str::trim);
    let name = parts.next()?;
    let weight = parts.find_map(|part| part.strip_prefix("q="));
    Some((
        name,
        weight.map_or(Some(1.0), |weight| weight.parse().ok())?,
    ))
}

/// In the classic format a metric is described by the name of its samples, and there is no type for information.
fn classic(open_metrics: &str) -> String {
    let mut text = String::with_capacity(open_metrics.len());
    let mut help = "";
    for line in open_metrics.lines() {
        if line.starts_with("# HELP ") {
            help = line;
        } else if let Some(described) = line.strip_prefix("# TYPE ") {
            describe(&mut text, help, described);
        } else if !line.starts_with('#') {
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}

/// Writes the two lines before the samples. Both name the metric after `# HELP ` or `# TYPE `.
fn describe(text: &mut String, help: &str, described: &str) {
    let Some((name, kind)) = described.split_once(' ') else {
        return;
    };
    let (suffix, kind) = match kind {
        "counter" => ("_total", "counter"),
        "info" => ("_info", "gauge"),
        other => ("", other),
    };
    let words = help.splitn(4, ' ').nth(3).unwrap_or_default();
    text.push_str(&format!(
        "# HELP {name}{suffix} {words}\n# TYPE {name}{suffix} {kind}\n"
    ));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_is_sent_to_who_prefers_it() {
        for (accept, expected) in [
            ("", Format::OpenMetrics),
            ("*/*", Format::OpenMetrics),
            ("application/json", Format::OpenMetrics),
            ("text/plain", Format::Classic),
            (
                "text/plain; version=0.0.4; q=0.5, */*;q=0.1",
                Format::Classic,
            ),
            ("text/*", Format::Classic),
            ("text/plain;q=0", Format::OpenMetrics),
            ("text/plain;q=wrong", Format::OpenMetrics),
            (
                "text/plain, application/openmetrics-text",
                Format::OpenMetrics,
            ),
            // Prometheus 2.42
            (
                "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,\
                 text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
                Format::OpenMetrics,
            ),
            (
                "text/plain;version=0.0.4,application/openmetrics-text;q=0.1",
                Format::Classic,
            ),
            (
                "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
                Format::OpenMetrics,
            ),
        ] {
            assert_eq!(Format::accepted(accept), expected, "{accept}");
        }
    }

    #[test]
    fn the_classic_format_describes_what_its_samples_are_called() {
        let open_metrics = "# HELP a_build The version.\n# TYPE a_build info\na_build_info{version=\"1\"} 1\n\
            # HELP a_calls Calls to it.\n# TYPE a_calls counter\na_calls_total{app=\"x\"} 3\n\
            # HELP a_age_seconds How old.\n# TYPE a_age_seconds gauge\n# UNIT a_age_seconds seconds\na_age_seconds 4.5\n# EOF\n";
        let expected = "# HELP a_build_info The version.\n# TYPE a_build_info gauge\na_build_info{version=\"1\"} 1\n\
            # HELP a_calls_total Calls to it.\n# TYPE a_calls_total counter\na_calls_total{app=\"x\"} 3\n\
            # HELP a_age_seconds How old.\n# TYPE a_age_seconds gauge\na_age_seconds 4.5\n";
        assert_eq!(classic(open_metrics), expected);
    }
}
