// Package origin decides, by the headers Host, Origin, Sec-Fetch-Site and User-Agent,
// which requests are served on the AWS address. A browser lets every page send requests to
// a loopback address; das-local's own pages may, no other.
//
//	request ─▶ Hosts.Browsers ─▶ an AWS call ─▶ services
//	                          └▶ Hosts.Required ─▶ console, /metrics, /_das/
//
// Two ways lead a foreign page here, and each is closed by one header:
//
//   - It sends the request to this address. Then Sec-Fetch-Site, or Origin in older
//     browsers, says that the page is foreign
//     (https://www.w3.org/TR/fetch-metadata/).
//   - Its owner has the page's own name lead to this address (DNS rebinding). Then the
//     page is not foreign to the browser, but Host has that name.
//
// Of a GET to a name that is neither TLS nor loopback browsers say nothing of it. There
// the User-Agent and Accept-Language tell browsers from AWS's clients, and a browser's
// call of the API by its URL is refused.
//
// Clients that are no browsers send none of these headers. AWS's clients call by whatever
// name; so do health probes.
package origin
