---@meta emilua.tls

-- Reference: docs/reference/tls.md

---The module `require "emilua.tls"` returns.
---@class emilua.tlslib
---@field context emilua.tls.contextlib
---@field socket emilua.tls.socketlib
local tls = {}

---Connects to `host:port`, verifies that the certificate is one for the host, and shakes hands.
---@async
---@param ep string
---@param ctx? emilua.tls.context
---@return emilua.tls.socket
function tls.dial(ep, ctx) end

---@alias emilua.tls.method
---| "tls"
---| "tls_client"
---| "tls_server"
---| "tlsv12"
---| "tlsv12_client"
---| "tlsv12_server"
---| "tlsv13"
---| "tlsv13_client"
---| "tlsv13_server"
---| "sslv23"
---| "sslv23_client"
---| "sslv23_server"

---@alias emilua.tls.verify_mode "none"|"peer"|"fail_if_no_peer_cert"|"client_once"
---@alias emilua.tls.format "pem"|"asn1"

---@alias emilua.tls.option
---| "no_tlsv1_2"
---| "no_tlsv1_3"
---| "no_sslv2"
---| "no_sslv3"
---| "no_tlsv1"
---| "no_tlsv1_1"
---| "no_compression"
---| "default_workarounds"
---| "single_dh_use"

---@class emilua.tls.contextlib
local contextlib = {}

---A context for a protocol version, or for both.
---@param method emilua.tls.method
---@return emilua.tls.context
function contextlib.new(method) end

---What connections have in common: certificates, whom to trust, versions.
---@class emilua.tls.context
local context = {}

---Trusts one certificate or more, in PEM.
---@param data emilua.byte_span
function context:add_certificate_authority(data) end

---Trusts the certificates of a PEM file.
---@param path emilua.filesystem.path
function context:load_verify_file(path) end

---Trusts the certificates in a folder whose files are named by the hash of their subject.
---@param path emilua.filesystem.path
function context:add_verify_path(path) end

---Trusts what the system trusts.
function context:set_default_verify_paths() end

---Whether, and how strictly, the peer's certificate is verified.
---@param mode emilua.tls.verify_mode
function context:set_verify_mode(mode) end

---Verifies also that the peer's certificate is one for `host`.
---@param callback "host_name_verification"
---@param host string
function context:set_verify_callback(callback, host) end

---Raises `ENOTSUP`.
---@param depth integer
function context:set_verify_depth(depth) end

---The certificate of this side.
---@param data emilua.byte_span
---@param format emilua.tls.format
function context:use_certificate(data, format) end

---The same from a file.
---@param path emilua.filesystem.path
---@param format emilua.tls.format
function context:use_certificate_file(path, format) end

---The certificate of this side and those that lead to a trusted one, in PEM.
---@param data emilua.byte_span
function context:use_certificate_chain(data) end

---The same from a file.
---@param path emilua.filesystem.path
function context:use_certificate_chain_file(path) end

---The private key of the certificate.
---@param data emilua.byte_span
---@param format emilua.tls.format
function context:use_private_key(data, format) end

---The same from a file.
---@param path emilua.filesystem.path
---@param format emilua.tls.format
function context:use_private_key_file(path, format) end

---The private key of the certificate, which must be one of RSA.
---@param data emilua.byte_span
---@param format emilua.tls.format
function context:use_rsa_private_key(data, format) end

---The same from a file.
---@param path emilua.filesystem.path
---@param format emilua.tls.format
function context:use_rsa_private_key_file(path, format) end

---Raises `ENOTSUP`.
---@param data emilua.byte_span
function context:use_tmp_dh(data) end

---Raises `ENOTSUP`.
---@param path emilua.filesystem.path
function context:use_tmp_dh_file(path) end

---Raises `ENOTSUP`.
---@param callback function
function context:set_password_callback(callback) end

---Removes protocol versions.
---@param flags emilua.tls.option[]
function context:set_options(flags) end

---Gives them back.
---@param flags emilua.tls.option[]
function context:clear_options(flags) end

---The application protocols that may be agreed upon (ALPN), the preferred one first.
---@param protocols string[]
function context:set_alpn_protocols(protocols) end

---@class emilua.tls.socketlib
local socketlib = {}

---A TLS connection over a connected stream.
---@param stream emilua.ip.tcp.socket|emilua.read_stream|emilua.write_stream
---@param ctx? emilua.tls.context
---@return emilua.tls.socket
function socketlib.new(stream, ctx) end

---@class emilua.tls.socket : emilua.read_stream, emilua.write_stream
---@field alpn_protocol? string
---@field version? "TLSv1.2"|"TLSv1.3"
---@field server_name? string
---@field resumed boolean
local socket = {}

---The handshake as client.
---@async
function socket:client_handshake() end

---The handshake as server.
---@async
function socket:server_handshake() end

---Reads 1 to `#bs` bytes.
---@async
---@param bs emilua.byte_span
---@return integer
function socket:read_some(bs) end

---Writes a prefix of `bs`.
---@async
---@param bs emilua.byte_span
---@return integer
function socket:write_some(bs) end

---Ends the connection on both sides, or with `"send"` on this one.
---@async
---@param what? "send"
function socket:shutdown(what) end

---Closes what is below; pending operations end with `operation_aborted`.
function socket:close() end

---The name that is sent to the server (SNI).
---@param host string
function socket:set_server_name(host) end

---As on the context, for this socket.
---@param mode emilua.tls.verify_mode
function socket:set_verify_mode(mode) end

---As on the context, for this socket.
---@param callback "host_name_verification"
---@param host string
function socket:set_verify_callback(callback, host) end

---Raises `ENOTSUP`.
---@param depth integer
function socket:set_verify_depth(depth) end

return tls
