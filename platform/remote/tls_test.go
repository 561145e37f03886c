package remote_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/platform/remote"
)

// authority signs certificates.
type authority struct {
	file        string
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

func newAuthority(t testing.TB, name string) authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	signed, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	certificate, err := x509.ParseCertificate(signed)
	require.NoError(t, err)
	a := authority{file: filepath.Join(t.TempDir(), name+".pem"), certificate: certificate, key: key}
	writePEM(t, a.file, "CERTIFICATE", signed)
	return a
}

// issue writes a certificate for 127.0.0.1 with its key.
func (a authority) issue(t testing.TB, serial int64, certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	signed, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(serial), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}, a.certificate, key.Public(), a.key)
	require.NoError(t, err)
	encoded, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	writePEM(t, certFile, "CERTIFICATE", signed)
	writePEM(t, keyFile, "PRIVATE KEY", encoded)
}

func writePEM(t testing.TB, file, kind string, content []byte) {
	t.Helper()
	require.NoError(t, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: content}), 0o600))
}

// newPair writes a certificate and its key.
func newPair(t testing.TB, a authority) (certFile, keyFile string) {
	t.Helper()
	dir := t.TempDir()
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	a.issue(t, 1, certFile, keyFile)
	return certFile, keyFile
}

// newSecureFar starts a far side that is served with config.
func newSecureFar(t testing.TB, config *tls.Config) *far {
	t.Helper()
	f := &far{}
	f.says(hello("catalog"))
	f.answers(nil)
	f.server = httptest.NewUnstartedServer(f)
	f.server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0) // of refused handshakes
	f.address = "https://" + f.server.Listener.Addr().String()
	f.server.Listener = tls.NewListener(f.server.Listener, config) // StartTLS adds a certificate of its own
	f.server.Start()
	t.Cleanup(func() { f.server.Close() })
	return f
}

func TestTLS(t *testing.T) {
	t.Parallel()
	ours, theirs := newAuthority(t, "ours"), newAuthority(t, "theirs")
	serverCert, serverKey := newPair(t, ours)
	clientCert, clientKey := newPair(t, ours)
	strangerCert, strangerKey := newPair(t, theirs)
	for name, test := range map[string]struct {
		serverCA, cert, key, ca string
		says                    string
	}{
		"ServerOnly":            {"", "", "", ours.file, ""},
		"Mutual":                {ours.file, clientCert, clientKey, ours.file, ""},
		"ServerIsUnknown":       {"", "", "", theirs.file, "certificate signed by unknown authority"},
		"ServerIsNotTheSystems": {"", "", "", "", "certificate signed by unknown authority"},
		"ClientHasNone":         {ours.file, "", "", ours.file, "certificate required"},
		"ClientIsUnknown":       {ours.file, strangerCert, strangerKey, ours.file, "unknown certificate authority"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			served, err := remote.ServerTLSConfig(serverCert, serverKey, test.serverCA)
			require.NoError(t, err)
			require.EqualValues(t, tls.VersionTLS13, served.MinVersion)
			f := newSecureFar(t, served)
			config, err := remote.TLSConfig(test.cert, test.key, test.ca)
			require.NoError(t, err)
			err = do(t, newClient(t, remote.Options{TLS: config}, f.address), readCall)
			if test.says == "" {
				require.NoError(t, err)
				return
			}
			requireUnavailable(t, err, false)
			require.ErrorContains(t, err, test.says)
			require.Zero(t, f.arrivals.Load())
		})
	}
}

// Certificates that are renewed on disk are used without a restart; half of a
// renewal leaves the one before in use.
func TestTLS_Renewal(t *testing.T) {
	t.Parallel()
	ours := newAuthority(t, "ours")
	serverCert, serverKey := newPair(t, ours)
	clientCert, clientKey := newPair(t, ours)
	served, err := remote.ServerTLSConfig(serverCert, serverKey, ours.file)
	require.NoError(t, err)
	config, err := remote.TLSConfig(clientCert, clientKey, ours.file)
	require.NoError(t, err)
	serials := func() (server, client int64) {
		pair, err := served.GetCertificate(nil)
		require.NoError(t, err)
		own, err := config.GetClientCertificate(nil)
		require.NoError(t, err)
		return pair.Leaf.SerialNumber.Int64(), own.Leaf.SerialNumber.Int64()
	}
	renew := func(serial int64, certFile, keyFile string) {
		ours.issue(t, serial, certFile, keyFile)
		// The clock of a file system may be coarse.
		later := time.Now().Add(time.Duration(serial) * time.Minute)
		require.NoError(t, os.Chtimes(certFile, later, later))
	}
	renew(2, serverCert, serverKey)
	server, client := serials()
	require.Equal(t, []int64{2, 1}, []int64{server, client})
	renew(3, clientCert, clientKey)
	server, client = serials()
	require.Equal(t, []int64{2, 3}, []int64{server, client})

	renew(4, serverCert, filepath.Join(t.TempDir(), "elsewhere.pem"))
	server, _ = serials()
	require.EqualValues(t, 2, server)
	require.NoError(t, os.Remove(serverCert))
	server, _ = serials()
	require.EqualValues(t, 2, server)
	renew(5, serverCert, serverKey)
	server, _ = serials()
	require.EqualValues(t, 5, server)

	f := newSecureFar(t, served)
	require.NoError(t, do(t, newClient(t, remote.Options{TLS: config}, f.address), readCall))
}

func TestTLS_Files(t *testing.T) {
	t.Parallel()
	ours := newAuthority(t, "ours")
	cert, key := newPair(t, ours)
	missing, damaged := filepath.Join(t.TempDir(), "missing.pem"), filepath.Join(t.TempDir(), "damaged.pem")
	require.NoError(t, os.WriteFile(damaged, []byte("half a certi"), 0o600))
	for name, test := range map[string]struct{ cert, key, ca, says string }{
		"CertAlone":   {cert, "", "", "needs its key"},
		"KeyAlone":    {"", key, "", "needs its key"},
		"NoCert":      {missing, key, "", missing},
		"NoKey":       {cert, missing, "", missing},
		"DamagedCert": {damaged, key, "", damaged},
		"DamagedKey":  {cert, damaged, "", damaged},
		"NoCA":        {cert, key, missing, missing},
		"DamagedCA":   {cert, key, damaged, damaged},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := remote.TLSConfig(test.cert, test.key, test.ca)
			require.ErrorContains(t, err, test.says)
			_, err = remote.ServerTLSConfig(test.cert, test.key, test.ca)
			require.ErrorContains(t, err, test.says)
		})
	}
	_, err := remote.ServerTLSConfig("", "", "")
	require.Error(t, err, "a server needs a certificate")
}
