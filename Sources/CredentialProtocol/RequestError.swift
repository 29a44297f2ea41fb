/// Why a request is refused, as facts; the words are the door's.
///
/// Each of them refuses the whole request: there is no half-understood request, and no answer to one. The exit status is
/// 65 (protocol.md, section 7). Lines count from 1.
package enum RequestError: Error, Sendable, Equatable {
    /// A line of more than ``AttributeLines/maxLine`` bytes, its LF included.
    case lineTooLong(line: Int)
    /// More than ``AttributeLines/maxRequest`` bytes.
    case requestTooLarge
    /// A line that is no attribute.
    case lineWithoutEquals(line: Int)
    /// A line that begins with `=`.
    case lineWithoutName(line: Int)
    /// A control character; or one hidden in the percent-encoding of `url`.
    case forbiddenByte(line: Int, byte: UInt8)
    /// An attribute that the request cannot do without is absent, or empty where it must not be.
    case missing(Attribute)
    /// One attribute twice with two values, where only an injection does that; or `url` beside what it stands for.
    case conflicting(Attribute)
    /// A path that programs read in more than one way (``PathGrammar``), from a caller that is not git.
    case ambiguousPath(Attribute)
    /// A value outside the grammar of its attribute.
    case invalid(Attribute)
}
