/// The reason why a response cannot be written. No part of the response is written then.
package enum ResponseError: Error, Sendable, Equatable {
    /// A value holds a byte that is not allowed there: a control character, or in an access token anything but visible
    /// ASCII.
    case forbiddenByte(Attribute)
    /// An access token, its authentication scheme or a required user name is empty.
    case empty(Attribute)
    /// A value would make a line of more than ``AttributeLines/maxLine`` bytes.
    case tooLong(Attribute)
}
