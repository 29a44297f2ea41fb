/// Why a response cannot be written, as facts. Nothing of it is written then.
package enum ResponseError: Error, Sendable, Equatable {
    /// A control character in a value, or, in an access token, anything but visible ASCII.
    case forbiddenByte(Attribute)
    /// An access token without a byte.
    case empty(Attribute)
    /// A value that would make a line of more than ``AttributeLines/maxLine`` bytes.
    case tooLong(Attribute)
}
