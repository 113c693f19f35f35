import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;

/** Java's own client as it comes: it offers h2c with every plain request. One line for each answer. */
public class Ask {
  public static void main(String[] args) throws Exception {
    var client = HttpClient.newHttpClient();
    var body = "{\"said\":\"hello\"}";
    for (var publisher :
        new HttpRequest.BodyPublisher[] {
          null,
          BodyPublishers.ofString(body),
          // Of no known length: chunked.
          BodyPublishers.ofInputStream(
              () -> new ByteArrayInputStream(body.getBytes(StandardCharsets.UTF_8))),
        }) {
      for (var expects : publisher == null ? new boolean[] {false} : new boolean[] {false, true}) {
        for (int time = 0; time < 10; time += 1) {
          var request =
              HttpRequest.newBuilder(URI.create(args[0])).header("Content-Type", "application/json");
          if (publisher != null) request.POST(publisher).expectContinue(expects);
          var answer = client.send(request.build(), BodyHandlers.ofString());
          System.out.println(answer.statusCode() + " " + answer.version() + " " + answer.body());
        }
      }
    }
  }
}
