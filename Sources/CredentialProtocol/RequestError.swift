/// The reason why a request is refused. ``Report`` has the message.
///
/// Every error refuses the whole request: keyfob never answers a request that it understands only in part. The exit
/// status is 65 (protocol.md, section 7). Lines are counted from 1.
package enum RequestError: Error, Sendable, Equatable {
    /// A line of more than ``AttributeLines/maxLine`` bytes, including its LF.
    case lineTooLong(line: Int)
    /// More than ``AttributeLines/maxRequest`` bytes.
    case requestTooLarge
    /// A line without `=`.
    case lineWithoutEquals(line: Int)
    /// A line that begins with `=`.
    case lineWithoutName(line: Int)
    /// A control character, perhaps hidden in the percent-encoding of `url`.
    case forbiddenByte(line: Int, byte: UInt8)
    /// A required attribute is absent or empty.
    case missing(Attribute)
    /// One attribute twice with different values, which only an injection causes; or `url` beside the attributes that
    /// it replaces.
    case conflicting(Attribute)
    /// A path that programs read in more than one way (``PathGrammar``), from a caller other than git or in `url`.
    case ambiguousPath(Attribute)
    /// A host whose name is not in ASCII.
    case internationalHost
    /// A value outside the grammar of its attribute.
    case invalid(Attribute)
}
