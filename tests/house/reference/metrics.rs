//! metrics.md: every metric.

use perennial::api::metrics::{METRICS, MetricKind};

use super::{code, page, paragraph, prose};

const INTRO: &str = "What `/metrics` shows. Times are Unix timestamps in seconds, which stay correct between updates: the age
of something is `time() - perennial_…_timestamp_seconds`. A time that is not known is left out. Counters begin at zero when
the daemon starts, which `rate` and `increase` expect. Names of tokens are never shown. [Monitoring](monitoring.md) says how to
collect them, and which alerts and dashboard come with the packages.";

pub fn text() -> String {
    let mut page = page("Metrics", "the catalog of metrics in the program");
    paragraph(&mut page, INTRO);
    for (title, kind) in [
        ("Gauges", MetricKind::Gauge),
        ("Counters", MetricKind::Counter),
        ("Histograms", MetricKind::Histogram),
        ("Information", MetricKind::Info),
    ] {
        page.push_str(&format!("\n## {title}\n"));
        for metric in METRICS.iter().filter(|metric| metric.kind == kind) {
            page.push_str(&format!("\n### {}\n", metric.full_name()));
            let labels: Vec<String> = metric.labels.iter().map(|label| code(label)).collect();
            if !labels.is_empty() {
                paragraph(&mut page, &format!("*Labels: {}.*", labels.join(", ")));
            }
            paragraph(&mut page, &format!("{}.", prose(metric.help)));
        }
    }
    page
}
