//! Parquet files of events: one row an event, plain columns.
//!
//! Columns: process, weight, scale; of particle k from 1 on `id_k`, `status_k`, `e_k`, `px_k`,
//! `py_k`, `pz_k`, `mass_k`; `weight_ID` for each variation.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;

use parquet::basic::{Repetition, Type as Physical};
use parquet::data_type::{DoubleType, Int32Type};
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::Type;

use super::part::Part;
use super::{Fault, same_particles};
use crate::event::{Event, Particle, Variation};

/// Rows of a group.
const GROUP: usize = 1 << 16;

pub(super) struct Parquet {
    part: Part,
    writer: Option<SerializedFileWriter<File>>,
    particles: Option<usize>,
    variations: Vec<String>,
    waiting: Vec<Event>,
}

/// An entry of a column, of an event.
type Entry<T> = Box<dyn Fn(&Event) -> T>;

/// An entry of a column, of a particle.
type Of<T> = fn(&Particle) -> T;

/// One column: whole numbers, or others.
enum Column {
    Whole(String, Entry<i32>),
    Real(String, Entry<f64>),
}

impl Parquet {
    pub(super) fn create(path: &Path) -> io::Result<Self> {
        Ok(Self {
            part: Part::create(path, ".part")?,
            writer: None,
            particles: None,
            variations: Vec::new(),
            waiting: Vec::new(),
        })
    }

    pub(super) fn begin(&mut self, variations: &[Variation]) {
        self.variations = variations.iter().map(|v| v.id.clone()).collect();
    }

    pub(super) fn take(&mut self, events: &[Event]) -> Result<(), Fault> {
        same_particles(events, &mut self.particles)?;
        self.waiting.extend_from_slice(events);
        if self.waiting.len() >= GROUP {
            self.group().map_err(failed)?;
        }
        Ok(())
    }

    pub(super) fn finish(&mut self, path: &Path) -> io::Result<()> {
        self.group().map_err(failed)?;
        if let Some(writer) = self.writer.take() {
            writer.close().map_err(failed)?;
        }
        self.part.complete(path)
    }

    /// Writes what waits.
    fn group(&mut self) -> ParquetResult<()> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let columns = columns(self.particles.unwrap_or(0), &self.variations);
        if self.writer.is_none() {
            let file = self.part.file.try_clone()?;
            let properties = Arc::new(WriterProperties::builder().build());
            self.writer = Some(SerializedFileWriter::new(
                file,
                schema(&columns)?,
                properties,
            )?);
        }
        let Some(writer) = &mut self.writer else {
            return Ok(());
        };
        let mut group = writer.next_row_group()?;
        for column in &columns {
            if let Some(writer) = group.next_column()? {
                column.write(writer, &self.waiting)?;
            }
        }
        group.close()?;
        self.waiting.clear();
        Ok(())
    }
}

impl Column {
    fn write(&self, mut writer: SerializedColumnWriter<'_>, events: &[Event]) -> ParquetResult<()> {
        match self {
            Self::Whole(_, value) => {
                let values: Vec<i32> = events.iter().map(value).collect();
                writer
                    .typed::<Int32Type>()
                    .write_batch(&values, None, None)?;
            }
            Self::Real(_, value) => {
                let values: Vec<f64> = events.iter().map(value).collect();
                writer
                    .typed::<DoubleType>()
                    .write_batch(&values, None, None)?;
            }
        }
        writer.close()
    }
}

/// A number of a particle, and its name.
type Named<T> = (&'static str, fn(&Particle) -> T);

fn columns(particles: usize, variations: &[String]) -> Vec<Column> {
    let real =
        |name: &str, value: fn(&Event) -> f64| Column::Real(name.to_owned(), Box::new(value));
    let mut columns = vec![
        Column::Whole("process".to_owned(), Box::new(|event| event.process)),
        real("weight", |event| event.weight),
        real("scale", |event| event.scale),
    ];
    let whole: [(&str, Of<i32>); 2] = [("id", |p| p.id), ("status", |p| p.status)];
    let numbers: [(&str, Of<f64>); 5] = [
        ("e", |p| p.momentum[0]),
        ("px", |p| p.momentum[1]),
        ("py", |p| p.momentum[2]),
        ("pz", |p| p.momentum[3]),
        ("mass", |p| p.mass),
    ];
    for k in 0..particles {
        for (name, value) in whole {
            let value = Box::new(move |event: &Event| value(&event.particles[k]));
            columns.push(Column::Whole(format!("{name}_{}", k + 1), value));
        }
        for (name, value) in numbers {
            let value = Box::new(move |event: &Event| value(&event.particles[k]));
            columns.push(Column::Real(format!("{name}_{}", k + 1), value));
        }
    }
    for (i, id) in variations.iter().enumerate() {
        let value = Box::new(move |event: &Event| event.variations[i]);
        columns.push(Column::Real(format!("weight_{id}"), value));
    }
    columns
}

fn schema(columns: &[Column]) -> ParquetResult<Arc<Type>> {
    let field = |column: &Column| {
        let (name, kind) = match column {
            Column::Whole(name, _) => (name, Physical::INT32),
            Column::Real(name, _) => (name, Physical::DOUBLE),
        };
        let field = Type::primitive_type_builder(name, kind);
        field
            .with_repetition(Repetition::REQUIRED)
            .build()
            .map(Arc::new)
    };
    let fields = columns.iter().map(field).collect::<ParquetResult<_>>()?;
    let schema = Type::group_type_builder("events").with_fields(fields);
    schema.build().map(Arc::new)
}

fn failed(error: ParquetError) -> io::Error {
    if let ParquetError::External(source) = error {
        let disk = source.downcast::<io::Error>();
        disk.map_or_else(io::Error::other, |source| *source)
    } else {
        io::Error::other(error)
    }
}
