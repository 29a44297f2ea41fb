// swift-tools-version: 6.2
import PackageDescription

/// Set by Tests/sanitize: no sanitizer can be linked into a static executable.
let isSanitizing = Context.environment["KEYFOB_SANITIZE"] != nil
/// Set by Tests/Fuzz/run: then Tests/Fuzz is built as a program for libFuzzer, and not as tests.
let isFuzzing = Context.environment["KEYFOB_FUZZ"] != nil
/// Functions with identical code are linked once, unless the program may compare their addresses.
let folded = ["-Xlinker", "--icf=safe"]
/// The loader resolves the functions of libraries at the start, and then makes the table of their addresses read-only.
let hardened = ["-Xlinker", "-z", "-Xlinker", "relro", "-Xlinker", "-z", "-Xlinker", "now"]
/// A door is one static file, which starts in half the time of a dynamic one. The kernel loads it at a random address.
/// Only lld can link such a file. The script drops an argument with which the program would end at its start.
let door: [LinkerSetting] =
    (isSanitizing
        ? []
        : [
            .unsafeFlags([
                "-static-executable", "-use-ld=lld", "-Xclang-linker", "-static-pie", "-Xclang-linker",
                "--ld-path=\(Context.packageDirectory)/Sources/package/link-door",
            ])
        ])
    + [
        .unsafeFlags(hardened),
        .unsafeFlags(["-Xlinker", "-s"] + folded, .when(configuration: .release)),
    ]
/// The libraries that parse untrusted input.
let fuzzed: [Target.Dependency] = [
    "Addresses", "CredentialProtocol", "Dialects", "Import", "KernelKeyring", "KeyfobCore", "OAuth", "Secrets", "Setup",
    .product(name: "AsyncHTTPClient", package: "async-http-client"),
    .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOEmbedded", package: "swift-nio"),
    .product(name: "TOMLKit", package: "TOMLKit"),
]

let package = Package(
    name: "keyfob",
    products: [
        .executable(name: "keyfob", targets: ["keyfob"]),
        .executable(name: "keyfob-main", targets: ["keyfob-main"]),
        .executable(name: "keyfob-agent", targets: ["keyfob-agent"]),
        .executable(name: "git-credential-keyfob", targets: ["git-credential-keyfob"]),
        .executable(name: "keyfob-demo", targets: ["keyfob-demo"]),
    ],
    dependencies: [
        // Traits that would link Foundation, and with it ICU's data, are switched off.
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0", traits: []),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-log", from: "1.14.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0", traits: []),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/LebJe/TOMLKit", from: "0.6.0"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2", traits: []),
    ],
    targets: [
        // Floor 0: C libraries, secrets, files, JSON, addresses, processes and D-Bus.
        // libsecret and GLib, which are loaded when they are first used.
        .target(name: "CLibraries"),
        // `JSON` links it statically: the doors are static, and the package needs no other library.
        .systemLibrary(name: "CJansson", providers: [.apt(["libjansson-dev"])]),
        .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CKernelKeyring"),
        .systemLibrary(name: "CQRCode"),
        .systemLibrary(name: "CProcess"),
        .systemLibrary(name: "CSocketDiagnosis"),
        .target(name: "Secrets", dependencies: ["CProcess"]),
        .target(name: "Files", dependencies: ["Secrets"]),
        .target(
            name: "JSON", dependencies: ["CJansson", "Secrets"], linkerSettings: [.linkedLibrary(":libjansson.a")]),
        .target(name: "Compression", dependencies: ["CZlib"]),
        .target(name: "Addresses", dependencies: ["Secrets"]),
        .target(name: "Processes", dependencies: ["CProcess", "Files"]),
        .target(name: "Bus", dependencies: ["CLibraries", "Files"]),

        // Floor 1: one target for each protocol or service that keyfob talks to. They do not import one another.
        .target(name: "CredentialProtocol", dependencies: ["Addresses", "Secrets"]),
        .target(
            name: "OAuth",
            dependencies: [
                "Addresses", "Compression", "CSocketDiagnosis", "Files", "JSON", "Secrets",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            // The program does not read this file. A distributor publishes it on a web server.
            exclude: ["Registration/client-metadata.json"]),
        .target(name: "SecretService", dependencies: ["Bus", "CLibraries", "Secrets"]),
        .target(name: "KernelKeyring", dependencies: ["CKernelKeyring", "Files", "Secrets"]),
        .target(name: "Desktop", dependencies: ["Bus", "CLibraries"]),

        // Floor 2: keyfob's decisions, callers other than git, and the answers that doors give without keyfob-main.
        .target(name: "Dialects", dependencies: ["Addresses", "CredentialProtocol", "JSON", "Secrets"]),
        // Messages and questions to the user.
        .target(name: "Console", dependencies: ["Addresses", "CQRCode", "CredentialProtocol", "Files", "Secrets"]),
        .target(name: "Doors", dependencies: ["Addresses", "CredentialProtocol", "Files", "KernelKeyring", "Secrets"]),
        .target(
            name: "KeyfobCore",
            dependencies: [
                "Addresses", "CredentialProtocol", "Files", "JSON", "OAuth", "Processes", "SecretService",
                "KernelKeyring", "Secrets",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "TOMLKit", package: "TOMLKit"),
            ]),

        // Features: each is a part of keyfob that no other part uses.
        .target(
            name: "Doctor",
            dependencies: [
                "Addresses", "Console", "CredentialProtocol", "Desktop", "Files", "KernelKeyring", "KeyfobCore",
                "OAuth", "Processes", "SecretService", "Secrets",
            ]),
        .target(
            name: "Setup",
            dependencies: [
                "Addresses", "Console", "CredentialProtocol", "Dialects", "Files", "KeyfobCore", "Processes", "Secrets",
                .product(name: "TOMLKit", package: "TOMLKit"),
            ]),
        .target(
            name: "Forwarding",
            dependencies: ["Addresses", "CredentialProtocol", "Files", "JSON", "Processes", "Secrets"]),
        .target(
            name: "Import",
            dependencies: ["Addresses", "CredentialProtocol", "Files", "KeyfobCore", "SecretService", "Secrets"]),

        // Floor 3: the doors.
        .executableTarget(
            name: "keyfob-main",
            dependencies: [
                "Addresses", "Console", "CredentialProtocol", "Desktop", "Dialects", "Doctor", "Doors", "Files",
                "Forwarding", "Import",
                "KernelKeyring", "KeyfobCore", "OAuth", "Processes", "SecretService", "Secrets", "Setup",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            // The release has no symbols for a debugger. No library looks up our functions by name, and without a table
            // of names the linker can drop unused functions.
            linkerSettings: [
                .unsafeFlags(hardened),
                .unsafeFlags(
                    ["-Xlinker", "-s", "-Xlinker", "--no-export-dynamic"] + folded, .when(configuration: .release)),
            ]),
        .executableTarget(
            name: "git-credential-keyfob", dependencies: ["Doors"], linkerSettings: door),
        .executableTarget(
            name: "keyfob", dependencies: ["CredentialProtocol", "Dialects", "Doors", "Secrets"],
            linkerSettings: door),
        // The agent of `keyfob forward` runs for hours, and needs a fifth of the memory of keyfob-main.
        .executableTarget(name: "keyfob-agent", dependencies: ["Doors", "Forwarding"], linkerSettings: door),
        // The demonstration of keyfob. The Debian package does not contain it.
        .target(
            name: "AuthorizationServer",
            dependencies: [
                "Secrets",
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdTLS", package: "hummingbird"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "Crypto", package: "swift-crypto"),
            ],
            path: "Sources/Demo/AuthorizationServer"),
        .executableTarget(
            name: "keyfob-demo",
            dependencies: [
                "AuthorizationServer", "KernelKeyring", "Secrets",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "Subprocess", package: "swift-subprocess"),
            ],
            path: "Sources/Demo/keyfob-demo",
            exclude: ["run"]),

        .target(
            name: "TestSupport",
            dependencies: [
                "Addresses", "AuthorizationServer", "KeyfobCore", "OAuth", "SecretService", "Secrets",
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "Subprocess", package: "swift-subprocess"),
            ],
            path: "Tests/TestSupport",
            exclude: ["browser"]),
        .testTarget(name: "SecretsTests", dependencies: ["Secrets"]),
        .testTarget(name: "BusTests", dependencies: ["Bus"]),
        .testTarget(name: "AddressesTests", dependencies: ["Addresses"]),
        .testTarget(name: "FilesTests", dependencies: ["Files"]),
        .testTarget(name: "JSONTests", dependencies: ["CJansson", "JSON"]),
        .testTarget(name: "ProcessesTests", dependencies: ["Processes", "TestSupport"]),
        .testTarget(name: "CredentialProtocolTests", dependencies: ["Addresses", "CredentialProtocol", "Secrets"]),
        .testTarget(name: "ConsoleTests", dependencies: ["Addresses", "Console", "CredentialProtocol"]),
        .testTarget(name: "DoorsTests", dependencies: ["Addresses", "Doors", "CredentialProtocol"]),
        .testTarget(
            name: "DialectsTests", dependencies: ["Addresses", "Dialects", "CredentialProtocol", "JSON", "Secrets"]),
        .testTarget(
            name: "OAuthTests",
            dependencies: [
                "Addresses", "CSocketDiagnosis", "OAuth", "Secrets", "TestSupport",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "Subprocess", package: "swift-subprocess"),
            ]),
        .testTarget(
            name: "SecretServiceTests", dependencies: ["CLibraries", "SecretService", "Secrets", "TestSupport"]),
        .testTarget(name: "KernelKeyringTests", dependencies: ["CKernelKeyring", "KernelKeyring", "Secrets"]),
        .testTarget(
            name: "AuthorizationServerTests",
            dependencies: [
                "AuthorizationServer", "Secrets", .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "Crypto", package: "swift-crypto"),
            ]),
        .testTarget(
            name: "KeyfobCoreTests",
            dependencies: [
                "Addresses", "KeyfobCore", "CredentialProtocol", "OAuth", "Processes", "SecretService", "KernelKeyring",
                "Secrets", "TestSupport",
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
            ]),
        .testTarget(
            name: "DoctorTests",
            dependencies: [
                "Addresses", "CredentialProtocol", "Doctor", "KernelKeyring", "KeyfobCore", "OAuth", "Processes",
                "SecretService", "Secrets", "TestSupport",
            ]),
        .testTarget(
            name: "SetupTests",
            dependencies: [
                "Addresses", "Console", "CredentialProtocol", "Files", "KeyfobCore", "Processes", "Secrets", "Setup",
                "TestSupport",
            ]),
        .testTarget(
            name: "ForwardingTests",
            dependencies: ["Addresses", "CredentialProtocol", "Files", "Forwarding", "JSON", "Processes", "Secrets"]),
        .testTarget(
            name: "ImportTests",
            dependencies: [
                "Addresses", "CredentialProtocol", "Dialects", "Import", "KeyfobCore", "SecretService", "Secrets",
                "TestSupport",
            ]),
        // Tests of the built executables.
        .testTarget(
            name: "keyfobTests",
            dependencies: [
                "Addresses", "AuthorizationServer", "CredentialProtocol", "KernelKeyring", "KeyfobCore", "OAuth",
                "SecretService", "Secrets", "Setup", "TestSupport", "keyfob-main",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
            ]),
    ]
)

if isFuzzing {
    package.targets += [
        .systemLibrary(name: "CLibFuzzer", path: "Tests/Fuzz/LibFuzzer"),
        .executableTarget(
            name: "keyfob-fuzz", dependencies: fuzzed + ["CLibFuzzer"], path: "Tests/Fuzz/Sources",
            exclude: ["Replay"], sources: ["Targets", "Driver"]),
    ]
} else {
    package.targets.append(
        .testTarget(
            name: "FuzzTests", dependencies: fuzzed, path: "Tests/Fuzz/Sources", exclude: ["Driver"],
            sources: ["Targets", "Replay"]))
}

for target in package.targets where target.type != .system && target.type != .binary {
    target.swiftSettings = [
        .swiftLanguageMode(.v6),
        .strictMemorySafety(),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    ]
    // libFuzzer measures the coverage of our own code only.
    if isFuzzing { target.swiftSettings?.append(.unsafeFlags(["-sanitize=fuzzer", "-enable-testing"])) }
}
