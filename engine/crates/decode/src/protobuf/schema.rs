//! Protobuf schemas: `.proto` texts with what they import, and sets of compiled descriptors.

use crate::registered::SchemaText;
use prost_reflect::{DescriptorPool, FileDescriptor, MessageDescriptor};
use protox::Compiler;
use protox::file::{ChainFileResolver, File, FileResolver, GoogleFileResolver};
use tidewire_row::{EvalError, EvalResult};

/// The name of the schema's own file; those that it imports have the names that it imports them by.
const OWN: &str = "schema.proto";

pub(crate) fn invalid(detail: impl Into<String>) -> EvalError {
    EvalError::new("22023", "invalid Protobuf schema").with_detail(detail)
}

/// A schema's own file, with all messages that it knows.
pub(crate) struct ProtobufSchema {
    pool: DescriptorPool,
    own: FileDescriptor,
}

/// Imported files, by the names that imports have.
struct References(Vec<(String, String)>);

impl FileResolver for References {
    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        match self.0.iter().find(|(known, _)| known == name) {
            Some((_, text)) => File::from_source(name, text),
            None => Err(protox::Error::file_not_found(name)),
        }
    }
}

impl ProtobufSchema {
    /// Reads a text: `\x` and hexadecimal digits of a FileDescriptorSet, or the source of a `.proto` file.
    pub(crate) fn parse(written: &SchemaText) -> EvalResult<Self> {
        if let Some(digits) = written.text.trim().strip_prefix("\\x") {
            return Self::descriptors(&hexadecimal(digits)?);
        }
        let mut files = written.references.clone();
        files.push((OWN.to_owned(), written.text.clone()));
        let mut resolver = ChainFileResolver::new();
        resolver.add(References(files));
        resolver.add(GoogleFileResolver::new());
        let mut compiler = Compiler::with_file_resolver(resolver);
        compiler.include_imports(true);
        compiler.open_file(OWN).map_err(|error| invalid(format!("{error}.")))?;
        let pool = compiler.descriptor_pool();
        let own = pool.get_file_by_name(OWN).ok_or_else(|| invalid("It has no file."))?;
        Ok(ProtobufSchema { pool, own })
    }

    fn descriptors(bytes: &[u8]) -> EvalResult<Self> {
        let pool = DescriptorPool::decode(bytes).map_err(|error| invalid(format!("{error}.")))?;
        // Compilers write a file behind those that it imports.
        let own = pool.files().last().ok_or_else(|| invalid("The set of descriptors is empty."))?;
        Ok(ProtobufSchema { pool, own })
    }

    /// The message of a name; without one the first.
    pub(crate) fn message(&self, name: Option<&str>) -> EvalResult<MessageDescriptor> {
        let Some(name) = name else {
            return self.own.messages().next().ok_or_else(|| invalid("It has no messages."));
        };
        let short = || {
            let mut found = self.own.messages().filter(|message| message.name() == name);
            found.next()
        };
        self.pool.get_message_by_name(name).or_else(short).ok_or_else(|| {
            let known: Vec<String> =
                self.own.messages().map(|message| format!("\"{}\"", message.full_name())).collect();
            EvalError::new("42704", format!("the Protobuf schema has no message \"{name}\""))
                .with_detail(format!("Its messages are {}.", known.join(", ")))
        })
    }

    /// The full name of the message that a path of indexes leads to: of a message of the file, then of messages within it.
    pub(crate) fn at(&self, path: &[u32]) -> Option<String> {
        let (first, rest) = path.split_first()?;
        let mut message = self.own.messages().nth(*first as usize)?;
        for index in rest {
            let inner = message.child_messages().nth(*index as usize);
            message = inner?;
        }
        Some(message.full_name().to_owned())
    }
}

fn hexadecimal(digits: &str) -> EvalResult<Vec<u8>> {
    let digits = digits.as_bytes();
    let pair = |pair: &[u8]| {
        let digit = |at: usize| (pair.get(at).copied()? as char).to_digit(16);
        Some((digit(0)? * 16 + digit(1)?) as u8)
    };
    let bytes: Option<Vec<u8>> = digits.chunks(2).map(pair).collect();
    bytes.ok_or_else(|| invalid("Behind \\x stand pairs of hexadecimal digits."))
}
