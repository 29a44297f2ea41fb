import KernelKeyring
package import OAuth
import Secrets

/// The forms of a client's secret with which sign-ins have begun that the server then refused. Some servers use up the code
/// before they look at the secret, so the next sign-in has to begin with another form.
///
/// It holds no secret. A sign-in that works ends the memory, if the form is stored with the client.
package struct TriedForms: Sendable {
    /// Returns the forms for a client.
    let recall: @Sendable (_ client: String) -> [ClientAuthentication]
    /// Stores the forms for a client, if possible.
    let remember: @Sendable (_ client: String, _ forms: [ClientAuthentication]) -> Void

    package init(
        recall: @escaping @Sendable (_ client: String) -> [ClientAuthentication],
        remember: @escaping @Sendable (_ client: String, _ forms: [ClientAuthentication]) -> Void
    ) {
        (self.recall, self.remember) = (recall, remember)
    }

    /// Remembers nothing.
    package static let none = TriedForms(recall: { _ in [] }, remember: { _, _ in })

    /// Kernel memory, for an hour.
    ///
    /// - Parameter keyring: another keyring than the user's own, for tests.
    package static func inKernelMemory(keyring: String = "keyfob") -> TriedForms {
        TriedForms(
            recall: { client in
                let text = KernelKeyring.existing(named: keyring)?.read(KeyNames.forms(client: client))?.exposedText
                return (text ?? "").parts(at: " ").compactMap { ClientAuthentication(rawValue: String($0)) }
            },
            remember: { client, forms in
                let name = KeyNames.forms(client: client)
                if forms.isEmpty {
                    KernelKeyring.existing(named: keyring)?.remove(name)
                } else {
                    let text = forms.map(\.rawValue).joined(separator: " ")
                    try? KernelKeyring.open(named: keyring).write(name, Secret(text), lifetime: 3600)
                }
            })
    }
}
