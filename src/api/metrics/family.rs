//! One metric with its samples, in the form from which it is written.

use std::fmt;

use jiff::Timestamp;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::exemplar::Exemplar;
use prometheus_client::metrics::info::Info;

use super::catalog::{self, Metric};

/// A metric with its samples.
#[derive(Debug)]
pub(super) struct Family {
    metric: Metric,
    samples: Samples,
}

#[derive(Debug)]
enum Samples {
    Gauges(Vec<(Labels, Number)>),
    Counters(Vec<(Labels, u64)>),
}

pub(super) type Labels = Vec<(&'static str, String)>;

#[derive(Clone, Copy, Debug)]
pub(super) enum Number {
    Count(u64),
    /// From 0 to 1.
    Ratio(f64),
}

impl Family {
    pub(super) const fn gauges(metric: Metric, samples: Vec<(Labels, Number)>) -> Self {
        let samples = Samples::Gauges(samples);
        Self { metric, samples }
    }

    pub(super) fn gauge(metric: Metric, count: u64) -> Self {
        Self::gauges(metric, vec![(Labels::new(), Number::Count(count))])
    }

    /// No sample says that it never happened.
    pub(super) fn time(metric: Metric, at: Option<Timestamp>) -> Self {
        let sample = at.map(|at| (Labels::new(), Number::of_time(at)));
        Self::gauges(metric, sample.into_iter().collect())
    }

    pub(super) const fn counters(metric: Metric, samples: Vec<(Labels, u64)>) -> Self {
        let samples = Samples::Counters(samples);
        Self { metric, samples }
    }

    fn encode(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let kind = match &self.samples {
            Samples::Gauges(samples) if !samples.is_empty() => MetricType::Gauge,
            Samples::Counters(samples) if !samples.is_empty() => MetricType::Counter,
            Samples::Gauges(_) | Samples::Counters(_) => return Ok(()),
        };
        let help = format!("{}.", self.metric.help);
        let metric = &mut encoder.encode_descriptor(self.metric.name, &help, None, kind)?;
        match &self.samples {
            Samples::Gauges(samples) => samples
                .iter()
                .try_for_each(|(labels, number)| with(metric, labels, |one| number.encode(one))),
            Samples::Counters(samples) => samples.iter().try_for_each(|(labels, count)| {
                let no_exemplar = None::<&Exemplar<NoLabelSet, f64>>;
                with(metric, labels, |one| one.encode_counter(count, no_exemplar))
            }),
        }
    }
}

/// An empty set of labels would be written as `{}`.
fn with(
    metric: &mut MetricEncoder<'_>,
    labels: &Labels,
    encode: impl FnOnce(&mut MetricEncoder<'_>) -> fmt::Result,
) -> fmt::Result {
    if labels.is_empty() {
        return encode(metric);
    }
    encode(&mut metric.encode_family(labels)?)
}

impl Number {
    fn encode(self, metric: &mut MetricEncoder<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => metric.encode_gauge(&count),
            Self::Ratio(ratio) => metric.encode_gauge(&ratio),
        }
    }

    pub(super) fn of_time(at: Timestamp) -> Self {
        Self::Count(u64::try_from(at.as_second()).unwrap_or(0))
    }

    pub(super) fn of_truth(is_so: bool) -> Self {
        Self::Count(is_so.into())
    }
}

/// All metrics of one answer, after the version that gives it.
#[derive(Debug)]
pub(super) struct Families(pub(super) Vec<Family>);

impl Collector for Families {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let version = [("version", env!("CARGO_PKG_VERSION"))];
        let help = format!("{}.", catalog::BUILD.help);
        let build =
            encoder.encode_descriptor(catalog::BUILD.name, &help, None, MetricType::Info)?;
        Info::new(version).encode(build)?;
        self.0
            .iter()
            .try_for_each(|family| family.encode(&mut encoder))
    }
}
